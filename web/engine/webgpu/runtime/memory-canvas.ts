// A canvas in memory, for programs without a page: a texture takes its place, and is read back.

import type { Picture } from './picture.ts';

/** What the engine uses of a canvas and of its context. */
export class MemoryCanvas {
  width = 1;
  height = 1;
  #configuration: GPUCanvasConfiguration | null = null;
  #texture: GPUTexture | null = null;
  #isPainted = false;

  /** Pixels of a picture's side, at most. */
  get maxSide(): number {
    return this.#configuration?.device.limits.maxTextureDimension2D ?? 0;
  }

  getContext(): this {
    return this;
  }

  /** Called with each new device. */
  configure(configuration: GPUCanvasConfiguration): void {
    this.#configuration = configuration;
    this.#texture = null;
    const { queue } = configuration.device;
    // Dawn for Node has no pictures that it could copy.
    queue.copyExternalImageToTexture = ({ source }, to, size) => {
      const { width, data } = source as unknown as Picture;
      queue.writeTexture(to, data as Uint8Array<ArrayBuffer>, { bytesPerRow: 4 * width }, size);
    };
  }

  unconfigure(): void {
    this.#texture?.destroy();
  }

  /** The same texture for each frame: a frame is read before the next one is painted. */
  getCurrentTexture(): GPUTexture | null {
    this.#isPainted = true;
    if (this.#configuration && !this.#texture) {
      const { device, format, usage = 0 } = this.#configuration;
      const size = [this.width, this.height];
      this.#texture = device.createTexture({ size, format, usage: usage | GPUTextureUsage.COPY_SRC });
    }
    return this.#texture;
  }

  /** What `paint` paints; null if it paints nothing, or if the GPU is lost meanwhile. */
  async read(paint: () => void): Promise<Picture | null> {
    this.#isPainted = false;
    paint();
    const device = this.#configuration?.device;
    if (!this.#isPainted || !device || !this.#texture) return null;
    const { width, height } = this;
    const bytesPerRow = Math.ceil(width / 64) * 256;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const copy = device.createBuffer({ label: 'read', size: bytesPerRow * height, usage });
    const encoder = device.createCommandEncoder({ label: 'read' });
    encoder.copyTextureToBuffer({ texture: this.#texture }, { buffer: copy, bytesPerRow }, [width, height]);
    device.queue.submit([encoder.finish()]);
    try {
      await copy.mapAsync(GPUMapMode.READ);
    } catch {
      return null;
    }
    const rows = new Uint8Array(copy.getMappedRange());
    const data = new Uint8Array(4 * width * height);
    for (let y = 0; y < height; y++) {
      data.set(rows.subarray(y * bytesPerRow, y * bytesPerRow + 4 * width), 4 * width * y);
    }
    copy.destroy();
    return { width, height, data };
  }
}
