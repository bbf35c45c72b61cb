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

/** A tile in registers, or a GEMM through workgroup memory (`conv-gemm.ts`). */
export type ConvShape = TileShape | 'gemm';

/** Convolutions by their parallelism: many outputs with many products each (heavy) or few (fine), few outputs and
 * many weights (coarse), a single pixel or, on real GPUs, up to four (tiny). */
export type ConvClass = 'heavy' | 'fine' | 'coarse' | 'tiny';

export interface KernelConfig {
  /** Threads per workgroup. */
  readonly threads: number;
  /** Threads below which a GPU is mostly idle. Then threads split a sum. */
  readonly minThreads: number;
  /** Whether subgroups have four threads, which exchange values at next to no cost. */
  readonly hasQuads: boolean;
  /** Whether a thread has all taps along its tile in its text, where they share inputs and take registers.
   * Else they are a loop. */
  readonly unrollsTaps: boolean;
  /** Whether weights of 8 bits become halves where that pays. */
  readonly hasHalves: boolean;
  readonly shapes: Readonly<Record<ConvClass, ConvShape>>;
  /** Precision of the values between kernels. */
  readonly precision: Precision;
}
