// Frames of a camera, a video or a picture, as textures that a kernel can sample. The best is an external texture:
// the browser's own video frame, without a copy. If that is refused or shows frames wrongly, they are uploaded to a
// texture over other paths (`frames/uploader.ts`).

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
import { probeUploadPaths } from './upload-probe.ts';

export type Frame =
  | { readonly kind: 'external'; readonly texture: GPUExternalTexture }
  | { readonly kind: 'texture'; readonly view: GPUTextureView };

/** What the crop depends on. */
type CropArgs = readonly [size: Size, mirror: boolean];

export class FrameTextures {
  readonly sampler: GPUSampler;
  readonly #uploader: FrameUploader;
  #target: { readonly texture: GPUTexture; readonly view: GPUTextureView } | null = null;
  /** The bitmap in the texture. Bitmaps never change, so it is not uploaded again. */
  #uploaded: FrameSource | null = null;
  #crop: CropArgs | null = null;

  constructor(
    readonly device: GPUDevice,
    readonly crop: GPUBuffer,
    readonly pixels: Size,
    /** Whether there are kernels for external textures. */
    readonly hasExternal: boolean,
  ) {
    this.#uploader = new FrameUploader(() => probeUploadPaths(device));
    this.sampler = device.createSampler({ label: 'frame', magFilter: 'linear', minFilter: 'linear' });
  }

  /** The frame on the GPU; null while the source has none. */
  upload(source: FrameSource, mirror: boolean): Frame | null {
    const whole = sizeOfSource(source);
    if (Math.min(...whole) === 0) return null;
    this.#setCrop(whole, mirror);
    const video = isVideo(source);
    if (video) {
      this.#uploader.startVerification();
      const texture =
        this.hasExternal &&
        this.#uploader.attempt('external', () =>
          this.device.importExternalTexture({ label: 'frame', source }),
        );
      if (texture) return { kind: 'external', texture };
    }
    try {
      const size = fitWithin(whole, this.device.limits.maxTextureDimension2D);
      const { texture, view } = this.#textureOf(size);
      const upload = (from: FrameSource) => this.#upload(from, texture, size);
      // A picture that is larger than any texture is drawn smaller first.
      if (size[0] < whole[0] || size[1] < whole[1]) upload(this.#uploader.draw(source, size));
      else if (video) this.#uploader.upload(source, size, upload);
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
    if (this.#target?.texture.width === width && this.#target.texture.height === height) return this.#target;
    this.#target?.texture.destroy();
    this.#uploaded = null;
    const texture = this.device.createTexture({
      label: 'frame',
      size: [width, height],
      format: 'rgba8unorm',
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT,
    });
    this.#target = { texture, view: texture.createView() };
    return this.#target;
  }

  /** Calls `work`, which submits, while the crop is that of a square of that side. */
  withCropOf(side: number, work: () => void): void {
    const before = this.#crop;
    this.#setCrop([side, side], false);
    work();
    if (before) this.#setCrop(...before);
  }

  #setCrop(...aim: CropArgs): void {
    if (String(aim) === String(this.#crop)) return;
    this.#crop = aim;
    const [size, mirror] = aim;
    const { corner, step, taps } = cropOf(size, this.pixels, mirror);
    this.device.queue.writeBuffer(this.crop, 0, Float32Array.of(...corner, ...step, taps, 0, 0, 0));
  }

  destroy(): void {
    this.#uploader.close();
    this.#target?.texture.destroy();
  }
}
