// Frames of a camera, a video or a picture as a texture, filled anew for each frame. A browser that does not
// give a video to WebGL is asked for it through a 2-D canvas.

import { makeCanvas } from '../canvas.ts';
import { EngineError } from '../error.ts';
import type { Canvas, FrameSource } from '../painter.ts';

/** Samples per side of a pixel at most: 16 reads cover any camera on 256 pixels. */
const MOST_TAPS = 4;

/** Frames on end that the straight way may fail before it is given up. */
const MOST_FAILURES = 3;

/** Where in the frame the picture is: a corner, the step of a pixel, and samples per side of a pixel. */
export interface Crop {
  readonly corner: readonly [x: number, y: number];
  readonly step: readonly [x: number, y: number];
  readonly taps: number;
}

export class Frames {
  readonly texture: WebGLTexture;
  #failures = 0;
  #canvas: Canvas | null = null;
  /** What the texture holds, where that is a bitmap. */
  #bitmap: WeakRef<ImageBitmap> | null = null;

  constructor(
    readonly gl: WebGL2RenderingContext,
    readonly pixels: readonly [width: number, height: number],
    /** Of a texture's sides. */
    readonly most: number,
  ) {
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Puts the frame into the texture; null while the source has none yet. */
  take(source: FrameSource, mirror: boolean): Crop | null {
    const [wide, tall] = sizeOfSource(source);
    if (wide === 0 || tall === 0) return null;
    const { gl } = this;
    const scale = Math.min(1, this.most / Math.max(wide, tall));
    const [width, height] = [wide, tall].map(side => Math.max(1, Math.floor(side * scale))) as [
      number,
      number,
    ];
    // A bitmap never changes.
    const still = isBitmap(source);
    if (!still || this.#bitmap?.deref() !== source) {
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      this.#bitmap = null;
      try {
        if (scale < 1) this.#upload(this.#drawn(source, width, height));
        else this.#uploadFrame(source, width, height);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new EngineError(
          `The picture cannot be read by the GPU (${reason}); serve it from the page's own site.`,
        );
      }
      if (still) this.#bitmap = new WeakRef(source);
    }
    return this.cropOf(width, height, mirror);
  }

  #uploadFrame(source: FrameSource, width: number, height: number): void {
    if (this.#failures < MOST_FAILURES) {
      try {
        this.#upload(source);
        this.#failures = 0;
        return;
      } catch (error) {
        // What a picture hides from the GPU it hides from a canvas too.
        if (!isVideo(source) && !isVideoFrame(source)) throw error;
        this.#failures += 1;
      }
    }
    this.#upload(this.#drawn(source, width, height));
  }

  #upload(from: TexImageSource): void {
    const { gl } = this;
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, 1);
    try {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, from);
    } finally {
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, 0);
    }
  }

  #drawn(source: FrameSource, width: number, height: number): Canvas {
    this.#canvas ??= makeCanvas(width, height);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const context = this.#canvas.getContext('2d');
    if (!context || !('drawImage' in context)) throw new Error('there is no 2-D canvas to read it through');
    // Where the picture is transparent, the one before is not to be seen.
    context.globalCompositeOperation = 'copy';
    context.drawImage(source, 0, 0, width, height);
    return this.#canvas;
  }

  /** The largest centred part of the frame that has the network's proportions, in texture coordinates. */
  cropOf(width: number, height: number, mirror: boolean): Crop {
    const [wide, tall] = this.pixels;
    const step = Math.min(width / wide, height / tall);
    const across = (step * wide) / width;
    const down = (step * tall) / height;
    return {
      corner: [mirror ? (1 + across) / 2 : (1 - across) / 2, (1 - down) / 2],
      step: [((mirror ? -1 : 1) * step) / width, step / height],
      taps: Math.min(Math.max(Math.ceil(step), 1), MOST_TAPS),
    };
  }

  destroy(): void {
    this.gl.deleteTexture(this.texture);
  }
}

const isVideo = (source: FrameSource): source is HTMLVideoElement =>
  typeof HTMLVideoElement !== 'undefined' && source instanceof HTMLVideoElement;
const isVideoFrame = (source: FrameSource): source is VideoFrame =>
  typeof VideoFrame !== 'undefined' && source instanceof VideoFrame;
const isBitmap = (source: FrameSource): source is ImageBitmap =>
  typeof ImageBitmap !== 'undefined' && source instanceof ImageBitmap;

function sizeOfSource(source: FrameSource): [width: number, height: number] {
  if (isVideo(source)) return source.readyState >= 2 ? [source.videoWidth, source.videoHeight] : [0, 0];
  if (isVideoFrame(source)) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}
