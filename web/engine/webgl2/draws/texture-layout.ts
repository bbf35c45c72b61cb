// Where a tensor's values lie in textures: plain arithmetic, no GL.
//
// A texture has up to eight layers, as many as a draw can fill. A texel of one layer is four channels of one pixel.
// The other layers hold the next `wide` pixels of the row and, if rows are short, the next `deep` blocks of channels.
// So one fragment computes up to eight texels, which share what it fetches (values, weights). Within a layer, each
// group of `deep` blocks of an image is a tile of `tileWidth` x height texels, and `across` tiles stand in a row.
// `wide`, `deep` and `across` are powers of two, as divisions are slow.

import { EngineError } from '../../error.ts';
import { productOf } from '../../graph/ir/strides.ts';
import { channelBlocks, LANES, type Shape, type Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';

export interface GpuLimits {
  /** Layers that one draw can fill. */
  readonly layers: number;
  /** Side of the largest texture that can be drawn into and read. */
  readonly textureSize: number;
  /** Textures that one draw can read. */
  readonly units: number;
  /** Uniform vectors of four per draw. */
  readonly uniforms: number;
}

export interface TextureLayout {
  readonly texture: number;
  readonly shape: Shape;
  readonly wide: number;
  readonly deep: number;
  readonly across: number;
  readonly tileWidth: number;
  /** Tiles of one image, with those of the tensors that share its texture side by side. */
  readonly groups: number;
  /** The tensor's first block of channels. */
  readonly offset: number;
}

export interface TextureSize {
  readonly width: number;
  readonly height: number;
  readonly layers: number;
}

const nextPowerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(n, 1)));
const log2 = (n: number): number => Math.round(Math.log2(n));

interface Part {
  readonly tensor: Tensor;
  readonly offset: number;
  readonly stride: number;
}
/** Tensors of one shape and layout in one texture. */
type Family = readonly [Part, ...Part[]];

/** Whole rows of a texture, from the left. */
export interface Area {
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Layouts of all tensors of a plan, and of tensors that are added. */
export class TextureLayouts {
  readonly textures: TextureSize[] = [];
  readonly #layouts = new Map<Tensor, TextureLayout>();

  constructor(
    plan: Plan,
    readonly limits: GpuLimits,
  ) {
    const families = new Map<string, [Part, ...Part[]]>();
    for (const [tensor, { buffer, offset, stride }] of plan.slices) {
      const [n, , h, w] = tensor.shape;
      // Tensors that share a buffer of the plan and a shape share a layout, above all the parts of a concatenation.
      const key = `${buffer} ${n} ${h} ${w} ${stride}`;
      const part = { tensor, offset, stride };
      const family = families.get(key);
      if (family) family.push(part);
      else families.set(key, [part]);
    }
    const tiled = [...families.values()].map(family => ({ family, tiling: tilingOf(family, limits) }));
    // The largest first: smaller ones that share a buffer of the plan may fit into its texture.
    tiled.sort(
      (a, b) =>
        countTexels(squareSize(b.tiling).size) - countTexels(squareSize(a.tiling).size) ||
        b.tiling.tileHeight - a.tiling.tileHeight,
    );
    const made = new Map<number, number[]>();
    for (const { family, tiling } of tiled) {
      const buffer = plan.slices.get(family[0].tensor)?.buffer ?? -1;
      const own = made.get(buffer) ?? [];
      made.set(buffer, own);
      this.#place(family, tiling, own);
    }
  }

  /** Gives a tensor its own texture. */
  add(tensor: Tensor): void {
    if (this.#layouts.has(tensor)) return;
    const family = [{ tensor, offset: 0, stride: channelBlocks(tensor) }] as const;
    this.#place(family, tilingOf(family, this.limits), []);
  }

  get(tensor: Tensor): TextureLayout {
    const layout = this.#layouts.get(tensor);
    if (!layout) throw new EngineError(`Tensor '${tensor.name}' has no texture.`);
    return layout;
  }

  /** Places a family in one of `textures`, or in a new one, which is added to them. */
  #place(family: Family, tiling: Tiling, textures: number[]): void {
    for (const texture of textures) {
      const size = this.textures[texture];
      const across = size && fitAcross(tiling, size);
      if (!across) continue;
      this.#set(family, tiling, across, texture);
      return;
    }
    const [{ tensor }] = family;
    const { across, size } = squareSize(tiling);
    if (Math.max(size.width, size.height) > this.limits.textureSize) {
      const needed = `${size.width} x ${size.height}`;
      throw new EngineError(
        `Tensor '${tensor.name}' needs a texture of ${needed}; this GPU allows ${this.limits.textureSize} a side.`,
      );
    }
    const texture = this.textures.push(size) - 1;
    textures.push(texture);
    this.#set(family, tiling, across, texture);
  }

  #set(family: Family, tiling: Tiling, across: number, texture: number): void {
    const { wide, deep, tileWidth, groups } = tiling;
    for (const { tensor, offset } of family) {
      const { shape } = tensor;
      this.#layouts.set(tensor, { texture, shape, wide, deep, across, tileWidth, groups, offset });
    }
  }
}

/** How a family is cut into tiles, wherever they are placed. */
interface Tiling {
  readonly wide: number;
  readonly deep: number;
  readonly groups: number;
  readonly tiles: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

function tilingOf(family: Family, limits: GpuLimits): Tiling {
  const [{ tensor, stride }] = family;
  const [n, , h, w] = tensor.shape;
  const wide = Math.min(limits.layers, nextPowerOfTwo(w));
  let deep = Math.min(limits.layers / wide, nextPowerOfTwo(stride));
  // A fragment fills all of its layers, so it must not mix parts of a concatenation.
  while (family.some(({ offset }) => offset % deep !== 0)) deep /= 2;
  const groups = Math.ceil(stride / deep);
  return { wide, deep, groups, tiles: n * groups, tileWidth: Math.ceil(w / wide), tileHeight: h };
}

/** The number of tiles across that makes the texture about square. */
function squareSize({ tiles, tileWidth, tileHeight, wide, deep }: Tiling): {
  across: number;
  size: TextureSize;
} {
  let across = 1;
  while (across < tiles && across * tileWidth < Math.ceil(tiles / across) * tileHeight) across *= 2;
  const height = Math.ceil(tiles / across) * tileHeight;
  return { across, size: { width: across * tileWidth, height, layers: wide * deep } };
}

/** The number of tiles across that fits all into the texture; null if none does. */
function fitAcross({ tiles, tileWidth, tileHeight, wide, deep }: Tiling, size: TextureSize): number | null {
  if (tileWidth > size.width || wide * deep !== size.layers) return null;
  const across = 2 ** Math.floor(Math.log2(size.width / tileWidth));
  return Math.ceil(tiles / across) * tileHeight <= size.height ? across : null;
}

/** Texels of all layers. */
export const countTexels = ({ width, height, layers }: TextureSize): number => width * height * layers;

/** The two vectors of four by which a shader finds a tensor's texels. */
export function layoutSizes({ shape, groups, offset, across, tileWidth }: TextureLayout): number[] {
  return [...shape, groups, offset, log2(across), tileWidth];
}

/** The part of a texture that holds the tensor. */
export function areaWithin({ shape, groups, offset, across, deep, tileWidth }: TextureLayout): Area {
  const [n, c, h] = shape;
  const first = Math.floor(offset / deep);
  const last = (n - 1) * groups + first + Math.ceil(Math.ceil(c / LANES) / deep) - 1;
  const [top, bottom] = [Math.floor(first / across) * h, (Math.floor(last / across) + 1) * h];
  return { top, width: across * tileWidth, height: bottom - top };
}

/** Calls `each` for every value, with its index in ONNX's order and in an area's texels, layer by layer. */
function forEachValue(
  { shape, wide, deep, across, tileWidth, groups, offset }: TextureLayout,
  area: Area,
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
          const texel = (layer * area.height + top - area.top + y) * area.width + left + Math.floor(x / wide);
          each(onnx++, texel * LANES + (channel % LANES));
        }
      }
    }
  }
}

/** The texels of a texture that only holds this tensor, in all layers. */
export function packTexels(
  layout: TextureLayout,
  size: TextureSize,
  values: Float32Array,
): Float32Array<ArrayBuffer> {
  const texels = new Float32Array(size.width * size.height * size.layers * LANES);
  forEachValue(layout, { top: 0, ...size }, (onnx, texture) => {
    texels[texture] = values[onnx] ?? 0;
  });
  return texels;
}

/** Reads values from the texels of `areaWithin(layout)`. */
export function unpackTexels(layout: TextureLayout, texels: Float32Array): Float32Array {
  const values = new Float32Array(productOf(layout.shape));
  forEachValue(layout, areaWithin(layout), (onnx, texture) => {
    values[onnx] = texels[texture] ?? 0;
  });
  return values;
}
