// Uploads video frames to the GPU. Some phones and drivers refuse the best upload path or show frames wrongly, so
// there are others: a copy on the GPU, a bitmap, a 2-D canvas. A path that fails for several frames in a row is given
// up for this painter, since each failure costs an exception per frame. A single failure does not count: a camera
// that changes its size causes one, and so does a tab that wakes up. A path that shows the test frame wrongly
// (`upload-paths.ts`) is dropped as soon as that is known.

import type { Canvas, FrameSource } from '../painter.ts';
import { makeCanvas } from './canvas.ts';
import { isVideoFrame, type Size } from './source.ts';
import { drawOver, UPLOAD_PATHS, type UploadPath } from './upload-paths.ts';

/** Failures in a row before a path is given up. */
const MAX_FAILURES = 3;

export class FrameUploader {
  /** Failures in a row, by path. */
  readonly #failures = new Map<UploadPath, number>();
  /** Paths that show frames correctly, as far as is known. */
  #working: ReadonlySet<UploadPath> = new Set(UPLOAD_PATHS);
  #hasStarted = false;
  #isClosed = false;
  #canvas: Canvas | null = null;
  #bitmap: { readonly of: FrameSource; readonly bitmap: ImageBitmap } | null = null;
  #isMakingBitmap = false;

  constructor(readonly verify: () => Promise<ReadonlySet<UploadPath>>) {}

  /** Starts the verification, at the first video frame. The frame does not wait for it. */
  startVerification(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    void this.verify().then(found => {
      this.#working = found;
    });
  }

  /** The result of `work`; null if the path is given up or fails. */
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

  /** Uploads a frame of a video: as it is, as a bitmap, or drawn on a canvas. */
  upload(source: FrameSource, size: Size, upload: (from: FrameSource) => void): void {
    const copied = this.attempt('copy', () => {
      upload(source);
      return true;
    });
    if (copied) return;
    const result = this.#isUsable('bitmap') ? this.#bitmapOf(source) : null;
    upload(result?.width === size[0] && result.height === size[1] ? result : this.draw(source, size));
  }

  /** The bitmap of the previous frame; null at first. Starts making the next one. */
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

  /** Draws the picture on a 2-D canvas of that size. */
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
