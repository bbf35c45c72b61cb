// How kernels are configured for a GPU: tile shapes by class of convolution, and the precision of values.

import type { Precision } from '../../painter.ts';

/** What one thread of a convolution makes: so many outputs side by side, for each phase of a transposed one,
 * in so many rows and blocks of channels; its sum shared with so many others. */
export interface TileShape {
  readonly wide: number;
  readonly tall: number;
  readonly deep: number;
  readonly share: number;
}

/** Convolutions by how much there is to share out: many outputs, of many products each or of few; few outputs
 * and many weights; a single pixel. */
export type ConvClass = 'heavy' | 'fine' | 'coarse' | 'tiny';

export interface KernelConfig {
  /** Threads that share memory and wait for each other. */
  readonly threads: number;
  /** Threads below which a GPU is mostly idle, so that a sum is better shared out. */
  readonly minThreads: number;
  /** Whether four threads run as one, and show each other values at next to no cost. */
  readonly hasQuads: boolean;
  readonly shapes: Readonly<Record<ConvClass, TileShape>>;
  /** Of the values that kernels leave to each other. */
  readonly precision: Precision;
}
