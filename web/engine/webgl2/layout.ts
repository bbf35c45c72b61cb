// Where the values of a tensor lie in textures: plain arithmetic, no GL.
//
// A texture has up to eight layers, as many as a draw can fill at once. A texel of one layer is four
// channels of one pixel; the layers beside it hold the next `wide` pixels of the row and, where rows are
// short, the next `deep` blocks of channels. So one fragment makes up to eight of them, and what it fetches
// (values, weights) serves them all. Within a layer, each group of `deep` blocks of an image is a tile of
// `tileWidth` x height texels, and the tiles stand in rows of `across`. `wide`, `deep` and `across` are
// powers of two, as divisions are slow.

import { EngineError } from '../error.ts';
import { blocks, LANES, type Shape, type Tensor } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';

export interface Limits {
  /** Layers that one draw can fill. */
  readonly layers: number;
  readonly textureSize: number;
}

export interface Layout {
  readonly texture: number;
  readonly shape: Shape;
  readonly wide: number;
  readonly deep: number;
  readonly across: number;
  readonly tileWidth: number;
  /** Tiles of one image, those of the tensors beside this one included. */
  readonly groups: number;
  /** The first block of channels that is the tensor's. */
  readonly offset: number;
}

export interface TextureSize {
  readonly width: number;
  readonly height: number;
  readonly layers: number;
}

const powerAbove = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));
const log2 = (n: number): number => Math.round(Math.log2(n));

interface Part {
  readonly tensor: Tensor;
  readonly offset: number;
  readonly stride: number;
}

/** Layouts of all tensors of a plan, and of those that are added to it. */
export class Layouts {
  readonly textures: TextureSize[] = [];
  readonly #of = new Map<Tensor, Layout>();

  constructor(
    plan: Plan,
    readonly limits: Limits,
  ) {
    const families = new Map<string, Part[]>();
    for (const [tensor, { buffer, offset, stride }] of plan.places) {
      const [n, , h, w] = tensor.shape;
      // What shares a buffer of the plan and a shape shares a texture, the parts of a join above all.
      const key = `${buffer} ${n} ${h} ${w} ${stride}`;
      families.set(key, [...(families.get(key) ?? []), { tensor, offset, stride }]);
    }
    for (const family of families.values()) this.#add(family);
  }

  /** Gives a tensor a texture of its own. */
  add(tensor: Tensor): Layout {
    if (!this.#of.has(tensor)) this.#add([{ tensor, offset: 0, stride: blocks(tensor) }]);
    return this.of(tensor);
  }

  of(tensor: Tensor): Layout {
    const layout = this.#of.get(tensor);
    if (!layout) throw new EngineError(`Tensor '${tensor.name}' has no texture.`);
    return layout;
  }

  #add(family: readonly Part[]): void {
    const [first] = family;
    if (!first) return;
    const offsets = family.map(({ offset }) => offset);
    const { size, ...shared } = layOut(first.tensor, first.stride, offsets, this.limits);
    const texture = this.textures.push(size) - 1;
    for (const { tensor, offset } of family) {
      this.#of.set(tensor, { ...shared, texture, shape: tensor.shape, offset });
    }
  }
}

function layOut({ name, shape }: Tensor, stride: number, offsets: readonly number[], limits: Limits) {
  const [n, , h, w] = shape;
  const wide = Math.min(limits.layers, powerAbove(w));
  let deep = Math.min(limits.layers / wide, powerAbove(stride));
  // A fragment fills all of its layers, so parts of a join must not meet within one.
  while (offsets.some(offset => offset % deep !== 0)) deep /= 2;
  const tileWidth = Math.ceil(w / wide);
  const groups = Math.ceil(stride / deep);
  const tiles = n * groups;
  const area = { width: tileWidth, height: h };
  let across = 1;
  while (across < tiles && across * area.width < Math.ceil(tiles / across) * area.height) across *= 2;
  const size = {
    width: across * tileWidth,
    height: Math.ceil(tiles / across) * h,
    layers: wide * deep,
  };
  if (Math.max(size.width, size.height) > limits.textureSize) {
    const needed = `${size.width} x ${size.height}`;
    throw new EngineError(
      `Tensor '${name}' needs a texture of ${needed}; this GPU allows ${limits.textureSize} a side.`,
    );
  }
  return { wide, deep, across, tileWidth, groups, size };
}

/** The numbers by which a shader finds a tensor's texels: two vectors of four. */
export function sizesOf({ shape, groups, offset, across, tileWidth }: Layout): number[] {
  return [...shape, groups, offset, log2(across), tileWidth];
}

export const bytesOf = ({ width, height, layers }: TextureSize, texel: number): number =>
  width * height * layers * texel;

/** The part of a texture's height that holds a tensor: rows from and to. */
export function rowsOf({ shape, groups, offset, across, deep }: Layout): [first: number, end: number] {
  const [n, c, h] = shape;
  const first = Math.floor(offset / deep);
  const last = (n - 1) * groups + first + Math.ceil(Math.ceil(c / LANES) / deep) - 1;
  return [Math.floor(first / across) * h, (Math.floor(last / across) + 1) * h];
}

/** Calls `each` for every value: its index in ONNX's order, and in the texture's, layer by layer. */
function walk(
  { shape, wide, deep, across, tileWidth, groups, offset }: Layout,
  { width, height }: TextureSize,
  each: (onnx: number, texture: number) => void,
): void {
  const [n, c, h, w] = shape;
  let onnx = 0;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      const block = offset + Math.floor(channel / LANES);
      const tile = image * groups + Math.floor(block / deep);
      const left = (tile % across) * tileWidth;
      const top = Math.floor(tile / across) * h;
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const layer = (x % wide) * deep + (block % deep);
          const texel = (layer * height + top + y) * width + left + Math.floor(x / wide);
          each(onnx++, texel * LANES + (channel % LANES));
        }
      }
    }
  }
}

/** All layers of a texture that holds nothing but this tensor. */
export function toTexels(layout: Layout, size: TextureSize, values: Float32Array): Float32Array<ArrayBuffer> {
  const texels = new Float32Array(size.width * size.height * size.layers * LANES);
  walk(layout, size, (onnx, texture) => {
    texels[texture] = values[onnx] ?? 0;
  });
  return texels;
}

export function fromTexels(layout: Layout, size: TextureSize, texels: Float32Array): Float32Array {
  const values = new Float32Array(layout.shape.reduce((a, b) => a * b, 1));
  walk(layout, size, (onnx, texture) => {
    values[onnx] = texels[texture] ?? 0;
  });
  return values;
}
