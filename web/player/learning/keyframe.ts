/** A frame that was frozen, and what was painted over it. */
import type { Example, Size } from './example.ts';
import { readPixels } from './frames.ts';
import { PaintLayer } from './paint-layer.ts';

export class Keyframe {
  readonly layer: PaintLayer;

  constructor(readonly frame: HTMLCanvasElement) {
    this.layer = new PaintLayer(frame);
  }

  /** The pair to learn from, at the size of the network's frames. */
  example(size: Size): Example {
    return {
      ...size,
      width: size.width,
      height: size.height,
      shown: readPixels(this.frame, size),
      painted: readPixels(this.layer.over(this.frame), size),
    };
  }
}
