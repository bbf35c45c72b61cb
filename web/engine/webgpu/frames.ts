// Frames of a camera, a video or a picture, as something that a kernel may sample.
//
// The straight way is an external texture: the browser's own video frame, no copy. Some phones and some
// drivers refuse it or show it wrongly, so there is a ladder: a copy on the GPU, a bitmap, a 2-D canvas. A
// rung that fails for a few frames on end is not tried again for that painter, since each failure costs an
// exception per frame; a single failure is no reason, since a camera that changes its size or a tab that
// wakes up gives one too. A rung that shows a known frame wrongly (`ways.ts`) is left out as soon as that
// is known.

import { EngineError } from '../error.ts';
import type { FrameSource } from '../painter.ts';
import { trueWays, type Way } from './ways.ts';

export type Frame =
  | { readonly kind: 'external'; readonly texture: GPUExternalTexture }
  | { readonly kind: 'texture'; readonly view: GPUTextureView };

type Aim = readonly [width: number, height: number, mirror: boolean];

/** Samples per side of a pixel at most: 16 reads cover any camera on 256 pixels. */
const MOST_TAPS = 4;

/** Frames on end that a rung may fail before it is given up. */
const MOST_FAILURES = 3;

/** How a way has done so far. */
class Rung {
  #failures = 0;
  /** It shows frames as they are, for all that is known. */
  true = true;

  get open(): boolean {
    return this.true && this.#failures < MOST_FAILURES;
  }

  held(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
  }
}

export class Frames {
  readonly sampler: GPUSampler;
  readonly #rungs: Readonly<Record<Way, Rung>> = {
    external: new Rung(),
    copy: new Rung(),
    bitmap: new Rung(),
    canvas: new Rung(),
  };
  #tried = false;
  #destroyed = false;
  #copied: { readonly texture: GPUTexture; readonly view: GPUTextureView } | null = null;
  #canvas: OffscreenCanvas | null = null;
  #bitmap: { readonly of: FrameSource; readonly bitmap: ImageBitmap } | null = null;
  #drawing = false;
  /** The bitmap that lies in the texture: bitmaps never change, so it need not be uploaded again. */
  #uploaded: FrameSource | null = null;
  /** The sizes of the frame that the crop is for, and whether it is mirrored. */
  #aimed: Aim = [0, 0, false];

  constructor(
    readonly device: GPUDevice,
    readonly crop: GPUBuffer,
    readonly pixels: readonly [width: number, height: number],
    /** Whether there are kernels for external textures. */
    readonly external: boolean,
  ) {
    this.sampler = device.createSampler({ label: 'frame', magFilter: 'linear', minFilter: 'linear' });
  }

  /** The frame on the GPU; null while the source has none yet. */
  take(source: FrameSource, mirror: boolean): Frame | null {
    const [width, height] = sizeOfSource(source);
    if (width === 0 || height === 0) return null;
    this.#aim(width, height, mirror);
    const video = isVideo(source) || isVideoFrame(source);
    if (video && !this.#tried) void this.#tryWays();
    const { external } = this.#rungs;
    if (this.external && external.open && video) {
      try {
        const texture = this.device.importExternalTexture({ label: 'frame', source });
        external.held();
        return { kind: 'external', texture };
      } catch {
        external.failed();
      }
    }
    try {
      const fit = Math.min(1, this.device.limits.maxTextureDimension2D / Math.max(width, height));
      const size = [Math.ceil(fit * width), Math.ceil(fit * height)] as const;
      const { texture, view } = this.#textureOf(...size);
      // A picture that is larger than any texture is drawn smaller first.
      if (fit < 1) this.#upload(this.#drawn(source, ...size), texture, ...size);
      else if (video) this.#copyVideo(source, texture, width, height);
      else if (source !== this.#uploaded) this.#upload(source, texture, width, height);
      return { kind: 'texture', view };
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Once a video comes, and beside its first frames, not before them. */
  async #tryWays(): Promise<void> {
    this.#tried = true;
    const found = await trueWays(this.device);
    for (const [way, rung] of Object.entries(this.#rungs)) rung.true = found.has(way as Way);
  }

  #copyVideo(source: FrameSource, texture: GPUTexture, width: number, height: number): void {
    const { copy, bitmap } = this.#rungs;
    if (copy.open) {
      try {
        this.#upload(source, texture, width, height);
        copy.held();
        return;
      } catch {
        copy.failed();
      }
    }
    const made = bitmap.open ? this.#bitmapOf(source) : null;
    if (made?.width === width && made.height === height) this.#upload(made, texture, width, height);
    else this.#upload(this.#drawn(source, width, height), texture, width, height);
  }

  /** The bitmap that was made while the frame before was painted; null at first. */
  #bitmapOf(source: FrameSource): ImageBitmap | null {
    if (!this.#drawing) {
      this.#drawing = true;
      createImageBitmap(source)
        .then(
          bitmap => {
            this.#rungs.bitmap.held();
            this.#bitmap?.bitmap.close();
            this.#bitmap = this.#destroyed ? null : { of: source, bitmap };
            if (this.#destroyed) bitmap.close();
          },
          () => this.#rungs.bitmap.failed(),
        )
        .finally(() => {
          this.#drawing = false;
        });
    }
    const own = this.#bitmap && (this.#bitmap.of === source || isVideoFrame(source));
    return own && this.#bitmap ? this.#bitmap.bitmap : null;
  }

  #drawn(source: FrameSource, width: number, height: number): OffscreenCanvas {
    this.#canvas ??= new OffscreenCanvas(width, height);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const context = this.#canvas.getContext('2d');
    if (!context) throw new Error('there is no 2-D canvas to read it through');
    context.drawImage(source, 0, 0, width, height);
    return this.#canvas;
  }

  #upload(source: FrameSource, texture: GPUTexture, width: number, height: number): void {
    this.#uploaded = null;
    this.device.queue.copyExternalImageToTexture({ source }, { texture }, [width, height]);
    if (source instanceof ImageBitmap) this.#uploaded = source;
  }

  #textureOf(width: number, height: number): { texture: GPUTexture; view: GPUTextureView } {
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
    this.#aim(side, side, false);
    work();
    if (before[0] > 0) this.#aim(...before);
  }

  /** The largest centred part of the frame that has the network's proportions, in texture coordinates. */
  #aim(...aim: Aim): void {
    if (aim.every((one, i) => one === this.#aimed[i])) return;
    this.#aimed = aim;
    const [width, height, mirror] = aim;
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
    this.#destroyed = true;
    this.#bitmap?.bitmap.close();
    this.#bitmap = null;
    this.#copied?.texture.destroy();
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
