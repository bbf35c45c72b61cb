// The ladder of ways by which videos come to the GPU. Some phones and some drivers refuse the best one or show
// it wrongly, so there are others: a copy on the GPU, a bitmap, a 2-D canvas. A rung that fails for a few frames
// on end is not tried again for that painter, since each failure costs an exception per frame; a single failure
// is no reason, since a camera that changes its size or a tab that wakes up gives one too. A rung that shows a
// known frame wrongly (`upload-paths.ts`) is left out as soon as that is known.

import type { Canvas, FrameSource } from '../painter.ts';
import { makeCanvas } from './canvas.ts';
import { isVideoFrame, type Size } from './source.ts';
import { drawOver, UPLOAD_PATHS, type UploadPath } from './upload-paths.ts';

/** Frames on end that a rung may fail before it is given up. */
const MAX_FAILURES = 3;

export class FrameUploader {
  /** Failures on end of each way. */
  readonly #failures = new Map<UploadPath, number>();
  /** Ways that show frames as they are, for all that is known. */
  #working: ReadonlySet<UploadPath> = new Set(UPLOAD_PATHS);
  #hasStarted = false;
  #isClosed = false;
  #canvas: Canvas | null = null;
  #bitmap: { readonly of: FrameSource; readonly bitmap: ImageBitmap } | null = null;
  #isMakingBitmap = false;

  constructor(readonly verify: () => Promise<ReadonlySet<UploadPath>>) {}

  /** Once a video comes, and beside its first frames, not before them. */
  startVerification(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    void this.verify().then(found => {
      this.#working = found;
    });
  }

  /** What `work` gives; null where that way is given up, or fails now. */
  attempt<T>(path: UploadPath, work: () => T): T | null {
    if (!this.#isUsable(path)) return null;
    try {
      const result = work();
      this.#failures.delete(path);
      return result;
    } catch {
      this.#countFailure(path);
      return null;
    }
  }

  #isUsable(path: UploadPath): boolean {
    return this.#working.has(path) && (this.#failures.get(path) ?? 0) < MAX_FAILURES;
  }

  #countFailure(path: UploadPath): void {
    this.#failures.set(path, (this.#failures.get(path) ?? 0) + 1);
  }

  /** Has a frame of a video uploaded, as itself, as a bitmap or as a drawing. */
  upload(source: FrameSource, size: Size, upload: (from: FrameSource) => void): void {
    const copied = this.attempt('copy', () => {
      upload(source);
      return true;
    });
    if (copied) return;
    const result = this.#isUsable('bitmap') ? this.#bitmapOf(source) : null;
    upload(result?.width === size[0] && result.height === size[1] ? result : this.draw(source, size));
  }

  /** The bitmap that was made while the frame before was painted; null at first. */
  #bitmapOf(source: FrameSource): ImageBitmap | null {
    if (!this.#isMakingBitmap) {
      this.#isMakingBitmap = true;
      createImageBitmap(source)
        .then(
          bitmap => {
            this.#failures.delete('bitmap');
            this.#bitmap?.bitmap.close();
            this.#bitmap = this.#isClosed ? null : { of: source, bitmap };
            if (this.#isClosed) bitmap.close();
          },
          () => this.#countFailure('bitmap'),
        )
        .finally(() => {
          this.#isMakingBitmap = false;
        });
    }
    const own = this.#bitmap;
    return own && (own.of === source || isVideoFrame(source)) ? own.bitmap : null;
  }

  /** A picture on a 2-D canvas of that size. */
  draw(source: FrameSource, [width, height]: Size): Canvas {
    this.#canvas ??= makeCanvas(width, height);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    drawOver(this.#canvas, source);
    return this.#canvas;
  }

  close(): void {
    this.#isClosed = true;
    this.#bitmap?.bitmap.close();
    this.#bitmap = null;
  }
}
