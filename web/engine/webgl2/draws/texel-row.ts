// Code that finds the texels of one row of an image, once for all that a fragment fetches of it.

import { maskLow, shiftRight } from './shader.ts';
import type { TextureLayout } from './texture-layout.ts';

/** Declares `ivec3 name`: the texel of the block `block` of channels at the left of the row `row` of `image`, in the layer
 * of its first pixel. The tensor is that input of the draw. */
export function rowCode(
  name: string,
  input: number,
  { deep }: TextureLayout,
  { image, block, row }: { readonly image: string; readonly block: string; readonly row: string },
): string {
  const [shape, tiling] = [`sizes[${2 + 2 * input}]`, `sizes[${3 + 2 * input}]`];
  const at = `(${tiling}.y + ${block})`;
  return `int tile_${name} = ${image} * ${tiling}.x + ${shiftRight(at, deep)};
    ivec3 ${name} = ivec3((tile_${name} & ((1 << ${tiling}.z) - 1)) * ${tiling}.w, (tile_${name} >> ${tiling}.z) * ${shape}.z + ${row}, ${maskLow(at, deep)});`;
}

/** The step from there to the pixel `x`. */
export function texelCode(x: string, { wide, deep }: TextureLayout): string {
  const layer = maskLow(x, wide);
  return `ivec3(${shiftRight(x, wide)}, 0, ${deep === 1 ? layer : `${layer} * ${deep}`})`;
}
