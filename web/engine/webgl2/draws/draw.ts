// What a draw is: GLSL text, what it is bound to, and where it writes. Plain data, made without GL, so that
// tests may read it; `runtime/program-cache.ts` and `runtime/textures.ts` make GL objects of it.
//
// What shapes the code (kernel width, epilogue, how many pixels and blocks a fragment makes) is text; what
// merely differs from layer to layer (sizes, weights) is bound, so layers of a kind share a program.

import type { ConstantData } from '../../codegen/constant-data.ts';
import type { Area } from './texture-layout.ts';

/** Constants as a texture: texels of four numbers, row by row. */
export interface Table extends ConstantData {
  readonly numbers: 'float' | 'int' | 'uint';
  readonly width: number;
  readonly height: number;
}

export type Sampled =
  /** Values of the network, by the number of their texture. */
  | { readonly kind: 'values'; readonly texture: number }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'frame' };

export type Target =
  | {
      readonly kind: 'values';
      readonly texture: number;
      readonly area: Area;
    }
  | { readonly kind: 'canvas' };

export interface Draw {
  readonly label: string;
  readonly code: string;
  /** What stands at texture unit 0, 1 ..., with the name of its sampler. */
  readonly samplers: readonly { readonly name: string; readonly sampled: Sampled }[];
  readonly sizes: readonly number[];
  /** Vectors of four among its uniforms. */
  readonly vectors: number;
  readonly target: Target;
}
