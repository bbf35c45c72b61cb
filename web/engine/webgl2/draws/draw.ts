// A draw: its GLSL text, bindings and target. Plain data, made without GL, so that tests can read it;
// `runtime/program-cache.ts` and `runtime/textures.ts` make GL objects from it.
//
// What shapes the code (kernel width, epilogue, pixels and blocks per fragment) is text. What merely differs from
// layer to layer (sizes, weights) is bound, so layers of a kind share a program.

import type { ConstantData } from '../../codegen/constant-data.ts';
import type { Area } from './texture-layout.ts';

/** Constants as a texture: texels of four numbers, row by row. */
export interface Table extends ConstantData {
  readonly numbers: 'float' | 'int' | 'uint';
  readonly width: number;
  readonly height: number;
}

export type Sampled =
  /** Values of the network, by the index of their texture. */
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
  /** Bound to texture units 0, 1 ..., with the names of their samplers. */
  readonly samplers: readonly { readonly name: string; readonly sampled: Sampled }[];
  readonly sizes: readonly number[];
  /** Uniform vectors of four. */
  readonly vectors: number;
  readonly target: Target;
}
