// Frames of a camera, a video or a picture, as something that a kernel may sample. The straight way is an
// external texture: the browser's own video frame, no copy. Where it is refused or shown wrongly, frames come in
// other ways (`frames/uploader.ts`), to a texture.

import {
  cropOf,
  fitWithin,
  isBitmap,
  isVideo,
  type Size,
  sizeOfSource,
  unreadableError,
} from '../../frames/source.ts';
import { FrameUploader } from '../../frames/uploader.ts';
import type { FrameSource } from '../../painter.ts';
import { trueWays } from './upload-probe.ts';

export type Frame =
  | { readonly kind: 'external'; readonly texture: GPUExternalTexture }
  | { readonly kind: 'texture'; readonly view: GPUTextureView };

/** What the crop is for. */
type Aim = readonly [size: Size, mirror: boolean];

export class Frames {
  readonly sampler: GPUSampler;
  readonly #ladder: FrameUploader;
  #copied: { readonly texture: GPUTexture; readonly view: GPUTextureView } | null = null;
  /** The bitmap that lies in the texture: bitmaps never change, so it need not be uploaded again. */
  #uploaded: FrameSource | null = null;
  #aimed: Aim | null = null;

  constructor(
    readonly device: GPUDevice,
    readonly crop: GPUBuffer,
    readonly pixels: Size,
    /** Whether there are kernels for external textures. */
    readonly external: boolean,
  ) {
    this.#ladder = new FrameUploader(() => trueWays(device));
    this.sampler = device.createSampler({ label: 'frame', magFilter: 'linear', minFilter: 'linear' });
  }

  /** The frame on the GPU; null while the source has none yet. */
  take(source: FrameSource, mirror: boolean): Frame | null {
    const whole = sizeOfSource(source);
    if (Math.min(...whole) === 0) return null;
    this.#aim(whole, mirror);
    const video = isVideo(source);
    if (video) {
      this.#ladder.startVerification();
      const texture =
        this.external &&
        this.#ladder.attempt('external', () => this.device.importExternalTexture({ label: 'frame', source }));
      if (texture) return { kind: 'external', texture };
    }
    try {
      const size = fitWithin(whole, this.device.limits.maxTextureDimension2D);
      const { texture, view } = this.#textureOf(size);
      const upload = (from: FrameSource) => this.#upload(from, texture, size);
      // A picture that is larger than any texture is drawn smaller first.
      if (size[0] < whole[0] || size[1] < whole[1]) upload(this.#ladder.draw(source, size));
      else if (video) this.#ladder.upload(source, size, upload);
      else if (source !== this.#uploaded) upload(source);
      return { kind: 'texture', view };
    } catch (error) {
      throw unreadableError(error);
    }
  }

  #upload(source: FrameSource, texture: GPUTexture, size: Size): void {
    this.#uploaded = null;
    this.device.queue.copyExternalImageToTexture({ source }, { texture }, size);
    if (isBitmap(source)) this.#uploaded = source;
  }

  #textureOf([width, height]: Size): { texture: GPUTexture; view: GPUTextureView } {
    if (this.#copied?.texture.width === width && this.#copied.texture.height === height) return this.#copied;
    this.#copied?.texture.destroy();
    this.#uploaded = null;
    const texture = this.device.createTexture({
      label: 'frame',
      size: [width, height],
      format: 'rgba8unorm',
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT,
    });
    this.#copied = { texture, view: texture.createView() };
    return this.#copied;
  }

  /** Has `work` submitted while the crop is that of a square of that side. */
  aimedBeside(side: number, work: () => void): void {
    const before = this.#aimed;
    this.#aim([side, side], false);
    work();
    if (before) this.#aim(...before);
  }

  #aim(...aim: Aim): void {
    if (String(aim) === String(this.#aimed)) return;
    this.#aimed = aim;
    const [size, mirror] = aim;
    const { corner, step, taps } = cropOf(size, this.pixels, mirror);
    this.device.queue.writeBuffer(this.crop, 0, Float32Array.of(...corner, ...step, taps, 0, 0, 0));
  }

  destroy(): void {
    this.#ladder.close();
    this.#copied?.texture.destroy();
  }
}
