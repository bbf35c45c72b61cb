// A painter's textures, the framebuffers that draw into them, and their bytes.

import { assertNever, EngineError } from '../../error.ts';
import { LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { Table } from '../draws/draw.ts';
import {
  areaWithin,
  countTexels,
  packTexels,
  type TextureLayouts,
  type TextureSize,
  unpackTexels,
} from '../draws/texture-layout.ts';
import type { Context } from './context.ts';
import { gpuFinished } from './fence.ts';

interface ValueTexture {
  readonly size: TextureSize;
  readonly texture: WebGLTexture;
  readonly framebuffer: WebGLFramebuffer;
}

export class Textures {
  readonly #tables = new Map<object, Map<string, WebGLTexture>>();
  readonly #values: ValueTexture[] = [];
  readonly #textures: WebGLTexture[] = [];
  #bytes = 0;

  constructor(
    readonly context: Context,
    readonly layouts: TextureLayouts,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  valueTexture(index: number): ValueTexture {
    const known = this.#values[index];
    if (known) return known;
    const size = this.layouts.textures[index];
    if (!size) throw new EngineError(`The plan has no texture ${index}.`);
    const made = this.#makeValues(size);
    this.#values[index] = made;
    return made;
  }

  /** Writes a tensor that has its own texture. */
  write(tensor: Tensor, values: Float32Array): void {
    const { gl } = this.context;
    const layout = this.layouts.get(tensor);
    const { size, texture } = this.valueTexture(layout.texture);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    const { width, height, layers } = size;
    const texels = packTexels(layout, size, values);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, 0, width, height, layers, gl.RGBA, gl.FLOAT, texels);
  }

  /** Reads tensors, by name, without blocking the page. `finished` waits for the GPU. */
  async read(tensors: readonly Tensor[], finished = gpuFinished): Promise<Record<string, Float32Array>> {
    const { gl } = this.context;
    const copies = tensors.map(tensor => ({ tensor, ...this.#startCopy(tensor) }));
    await finished(gl);
    return Object.fromEntries(
      copies.map(({ tensor, buffer, length }) => {
        const texels = new Float32Array(length);
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
        gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, texels);
        gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
        gl.deleteBuffer(buffer);
        return [tensor.name, unpackTexels(this.layouts.get(tensor), texels)];
      }),
    );
  }

  /** Starts copying a tensor's part of its texture. */
  #startCopy(tensor: Tensor): { buffer: WebGLBuffer; length: number } {
    const { gl } = this.context;
    const layout = this.layouts.get(tensor);
    const { top, width, height } = areaWithin(layout);
    const { size, framebuffer } = this.valueTexture(layout.texture);
    const each = width * height * LANES;
    const buffer = gl.createBuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, each * size.layers * 4, gl.STREAM_READ);
    for (let i = 0; i < size.layers; i++) {
      gl.readBuffer(gl.COLOR_ATTACHMENT0 + i);
      gl.readPixels(0, top, width, height, gl.RGBA, gl.FLOAT, i * each * 4);
    }
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    return { buffer, length: each * size.layers };
  }

  #make(target: 'TEXTURE_2D' | 'TEXTURE_2D_ARRAY'): WebGLTexture {
    const { gl } = this.context;
    const texture = gl.createTexture();
    this.#textures.push(texture);
    gl.bindTexture(gl[target], texture);
    gl.texParameteri(gl[target], gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl[target], gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    return texture;
  }

  #makeValues(size: TextureSize): ValueTexture {
    const { gl, format, texelBytes } = this.context;
    const texture = this.#make('TEXTURE_2D_ARRAY');
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl[format], size.width, size.height, size.layers);
    this.#bytes += countTexels(size) * texelBytes;
    const framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    const attachments = Array.from({ length: size.layers }, (_, i) => gl.COLOR_ATTACHMENT0 + i);
    attachments.forEach((attachment, i) => {
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, attachment, texture, 0, i);
    });
    gl.drawBuffers(attachments);
    return { size, texture, framebuffer };
  }

  /** Draws that read the same constants in the same layout share a texture. */
  table(table: Table): WebGLTexture {
    const owned = this.#tables.get(table.owner) ?? new Map<string, WebGLTexture>();
    this.#tables.set(table.owner, owned);
    const texture = owned.get(table.layout) ?? this.#makeTable(table);
    owned.set(table.layout, texture);
    return texture;
  }

  #makeTable({ label, numbers, width, height, fill }: Table): WebGLTexture {
    const { gl, limits } = this.context;
    if (Math.max(width, height) > limits.textureSize) {
      throw new EngineError(
        `Constants of '${label}' need a texture of ${width} x ${height}; this GPU allows ${limits.textureSize} a side.`,
      );
    }
    const bytes = new ArrayBuffer(width * height * 16);
    fill(bytes);
    this.#bytes += bytes.byteLength;
    const texture = this.#make('TEXTURE_2D');
    const upload = (
      format: 'RGBA32F' | 'RGBA32I' | 'RGBA32UI',
      kind: number,
      type: number,
      texels: ArrayBufferView,
    ) => {
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl[format], width, height);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, kind, type, texels);
    };
    switch (numbers) {
      case 'float':
        upload('RGBA32F', gl.RGBA, gl.FLOAT, new Float32Array(bytes));
        break;
      case 'int':
        upload('RGBA32I', gl.RGBA_INTEGER, gl.INT, new Int32Array(bytes));
        break;
      case 'uint':
        upload('RGBA32UI', gl.RGBA_INTEGER, gl.UNSIGNED_INT, new Uint32Array(bytes));
        break;
      default:
        assertNever(numbers);
    }
    return texture;
  }

  destroy(): void {
    const { gl } = this.context;
    for (const texture of this.#textures) gl.deleteTexture(texture);
    for (const { framebuffer } of this.#values.filter(Boolean)) gl.deleteFramebuffer(framebuffer);
  }
}
