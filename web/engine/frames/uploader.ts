// The ladder of ways by which videos come to the GPU. Some phones and some drivers refuse the best one or show
// it wrongly, so there are others: a copy on the GPU, a bitmap, a 2-D canvas. A rung that fails for a few frames
// on end is not tried again for that painter, since each failure costs an exception per frame; a single failure
// is no reason, since a camera that changes its size or a tab that wakes up gives one too. A rung that shows a
// known frame wrongly (`upload-paths.ts`) is left out as soon as that is known.

import type { Canvas, FrameSource } from '../painter.ts';
import { makeCanvas } from './canvas.ts';
import { isVideoFrame, type Size } from './source.ts';
import { draw, WAYS, type Way } from './upload-paths.ts';

/** Frames on end that a rung may fail before it is given up. */
const MOST_FAILURES = 3;

export class Ladder {
  /** Failures on end of each way. */
  readonly #failures = new Map<Way, number>();
  /** Ways that show frames as they are, for all that is known. */
  #true: ReadonlySet<Way> = new Set(WAYS);
  #tried = false;
  #closed = false;
  #canvas: Canvas | null = null;
  #bitmap: { readonly of: FrameSource; readonly bitmap: ImageBitmap } | null = null;
  #making = false;

  constructor(readonly trueWays: () => Promise<ReadonlySet<Way>>) {}

  /** Once a video comes, and beside its first frames, not before them. */
  begin(): void {
    if (this.#tried) return;
    this.#tried = true;
    void this.trueWays().then(found => {
      this.#true = found;
    });
  }

  /** What `work` gives; null where that way is given up, or fails now. */
  attempt<T>(way: Way, work: () => T): T | null {
    if (!this.#open(way)) return null;
    try {
      const made = work();
      this.#failures.delete(way);
      return made;
    } catch {
      this.#fail(way);
      return null;
    }
  }

  #open(way: Way): boolean {
    return this.#true.has(way) && (this.#failures.get(way) ?? 0) < MOST_FAILURES;
  }

  #fail(way: Way): void {
    this.#failures.set(way, (this.#failures.get(way) ?? 0) + 1);
  }

  /** Has a frame of a video uploaded, as itself, as a bitmap or as a drawing. */
  upload(source: FrameSource, size: Size, upload: (from: FrameSource) => void): void {
    const copied = this.attempt('copy', () => {
      upload(source);
      return true;
    });
    if (copied) return;
    const made = this.#open('bitmap') ? this.#bitmapOf(source) : null;
    upload(made?.width === size[0] && made.height === size[1] ? made : this.drawn(source, size));
  }

  /** The bitmap that was made while the frame before was painted; null at first. */
  #bitmapOf(source: FrameSource): ImageBitmap | null {
    if (!this.#making) {
      this.#making = true;
      createImageBitmap(source)
        .then(
          bitmap => {
            this.#failures.delete('bitmap');
            this.#bitmap?.bitmap.close();
            this.#bitmap = this.#closed ? null : { of: source, bitmap };
            if (this.#closed) bitmap.close();
          },
          () => this.#fail('bitmap'),
        )
        .finally(() => {
          this.#making = false;
        });
    }
    const own = this.#bitmap;
    return own && (own.of === source || isVideoFrame(source)) ? own.bitmap : null;
  }

  /** A picture on a 2-D canvas of that size. */
  drawn(source: FrameSource, [width, height]: Size): Canvas {
    this.#canvas ??= makeCanvas(width, height);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    draw(this.#canvas, source);
    return this.#canvas;
  }

  close(): void {
    this.#closed = true;
    this.#bitmap?.bitmap.close();
    this.#bitmap = null;
  }
}
