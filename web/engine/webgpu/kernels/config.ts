// The configuration of kernels for a GPU: tile shapes by class of convolution, and the precision of values.

import type { Precision } from '../../painter.ts';

/** The outputs of one thread of a convolution: `wide` side by side (for each phase of a transposed one), `tall` rows,
 * `deep` blocks of channels. `share` threads split one sum. The names are part of the stored shapes. */
export interface TileShape {
  readonly wide: number;
  readonly tall: number;
  readonly deep: number;
  readonly share: number;
}

/** A convolution as a matrix product: tiles of `columns` x `rows` outputs in `blocks` blocks of channels. A thread has
 * `quads` of 2 x 2 outputs in one block. Its sums get `terms` terms at a time. */
export interface GemmShape {
  readonly columns: number;
  readonly rows: number;
  readonly blocks: number;
  readonly quads: number;
  readonly terms: number;
}

export type ConvShape = TileShape | GemmShape;

export const isGemmShape = (shape: ConvShape): shape is GemmShape => 'quads' in shape;

/** Convolutions by their parallelism: many outputs with many products each (heavy) or few (fine), few outputs and
 * many weights (coarse), a single pixel (tiny). */
export type ConvClass = 'heavy' | 'fine' | 'coarse' | 'tiny';

export interface KernelConfig {
  /** Threads per workgroup. */
  readonly threads: number;
  /** Threads below which a GPU is mostly idle. Then threads split a sum. */
  readonly minThreads: number;
  /** Whether subgroups have four threads, which exchange values at next to no cost. */
  readonly hasQuads: boolean;
  readonly shapes: Readonly<Record<ConvClass, ConvShape>>;
  /** Precision of the values between kernels. */
  readonly precision: Precision;
}
