// Frames of a camera, a video or a picture, as something that a kernel may sample.
//
// The straight way is an external texture: the browser's own video frame, no copy. Some phones and some
// drivers refuse it, so there is a ladder: a copy on the GPU, then a 2-D canvas. A rung that failed is not
// tried again for that painter, since each failure costs an exception per frame.

import { EngineError } from '../error.ts';

export type FrameSource = HTMLVideoElement | VideoFrame | ImageBitmap | HTMLCanvasElement | OffscreenCanvas;

export type Frame =
  | { readonly kind: 'external'; readonly texture: GPUExternalTexture }
  | { readonly kind: 'texture'; readonly view: GPUTextureView };

/** Samples per side of a pixel at most: 16 reads cover any camera on 256 pixels. */
const MOST_TAPS = 4;

export class Frames {
  readonly sampler: GPUSampler;
  #external = true;
  #direct = true;
  #texture: GPUTexture | null = null;
  #view: GPUTextureView | null = null;
  #canvas: OffscreenCanvas | null = null;
  #crop = '';

  constructor(
    readonly device: GPUDevice,
    readonly crop: GPUBuffer,
    readonly pixels: readonly [width: number, height: number],
  ) {
    this.sampler = device.createSampler({ label: 'frame', magFilter: 'linear', minFilter: 'linear' });
  }

  /** The frame on the GPU; null while the source has none yet. */
  take(source: FrameSource, mirror: boolean): Frame | null {
    const [width, height] = sizeOfSource(source);
    if (width === 0 || height === 0) return null;
    this.#setCrop(width, height, mirror);
    if (this.#external && (isVideo(source) || isVideoFrame(source))) {
      try {
        return { kind: 'external', texture: this.device.importExternalTexture({ label: 'frame', source }) };
      } catch {
        this.#external = false;
      }
    }
    return { kind: 'texture', view: this.#copy(source, width, height) };
  }

  #copy(source: FrameSource, width: number, height: number): GPUTextureView {
    const texture = this.#textureOf(width, height);
    if (this.#direct) {
      try {
        this.#upload(source, texture, width, height);
        return this.#view ?? texture.createView();
      } catch (error) {
        if (!isVideo(source) && !isVideoFrame(source)) throw unreadable(error);
        this.#direct = false;
      }
    }
    this.#canvas ??= new OffscreenCanvas(width, height);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#canvas.getContext('2d')?.drawImage(source, 0, 0, width, height);
    this.#upload(this.#canvas, texture, width, height);
    return this.#view ?? texture.createView();
  }

  #upload(source: FrameSource, texture: GPUTexture, width: number, height: number): void {
    this.device.queue.copyExternalImageToTexture({ source }, { texture }, [width, height]);
  }

  #textureOf(width: number, height: number): GPUTexture {
    if (this.#texture?.width === width && this.#texture.height === height) return this.#texture;
    this.#texture?.destroy();
    this.#texture = this.device.createTexture({
      label: 'frame',
      size: [width, height],
      format: 'rgba8unorm',
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT,
    });
    this.#view = this.#texture.createView();
    return this.#texture;
  }

  /** The largest centred part of the frame that has the network's proportions, in texture coordinates. */
  #setCrop(width: number, height: number, mirror: boolean): void {
    const key = `${width} ${height} ${mirror}`;
    if (key === this.#crop) return;
    this.#crop = key;
    const [wide, tall] = this.pixels;
    const step = Math.min(width / wide, height / tall);
    const taps = Math.min(Math.max(Math.ceil(step), 1), MOST_TAPS);
    const across = (step * wide) / width;
    const down = (step * tall) / height;
    const left = mirror ? (1 + across) / 2 : (1 - across) / 2;
    const values = [left, (1 - down) / 2, ((mirror ? -1 : 1) * step) / width, step / height, taps, 0, 0, 0];
    this.device.queue.writeBuffer(this.crop, 0, new Float32Array(values));
  }

  destroy(): void {
    this.#texture?.destroy();
  }
}

function unreadable(error: unknown): EngineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError(
    `The picture cannot be read by the GPU (${reason}); serve it from the page's own site.`,
  );
}

const isVideo = (source: FrameSource): source is HTMLVideoElement =>
  typeof HTMLVideoElement !== 'undefined' && source instanceof HTMLVideoElement;
const isVideoFrame = (source: FrameSource): source is VideoFrame =>
  typeof VideoFrame !== 'undefined' && source instanceof VideoFrame;

function sizeOfSource(source: FrameSource): [width: number, height: number] {
  if (isVideo(source)) return source.readyState >= 2 ? [source.videoWidth, source.videoHeight] : [0, 0];
  if (isVideoFrame(source)) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}
