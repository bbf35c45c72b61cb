// How kernels are configured for a GPU: tile shapes by class of convolution, and the precision of values.

import type { Precision } from '../../painter.ts';

/** What one thread of a convolution makes: so many outputs side by side, for each phase of a transposed one,
 * in so many rows and blocks of channels; its sum shared with so many others. */
export interface Shape {
  readonly wide: number;
  readonly tall: number;
  readonly deep: number;
  readonly share: number;
}

/** Convolutions by how much there is to share out: many outputs, of many products each or of few; few outputs
 * and many weights; a single pixel. */
export type Class = 'heavy' | 'fine' | 'coarse' | 'tiny';

export interface Style {
  /** Threads that share memory and wait for each other. */
  readonly threads: number;
  /** Threads below which a GPU is mostly idle, so that a sum is better shared out. */
  readonly few: number;
  /** Whether four threads run as one, and show each other values at next to no cost. */
  readonly together: boolean;
  readonly shapes: Readonly<Record<Class, Shape>>;
  /** Of the values that kernels leave to each other. */
  readonly precision: Precision;
}
