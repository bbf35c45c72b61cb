// What kernels suit a GPU, before anything was measured on it: of what shape, on values of what precision.
//
// Software GPUs compute for four threads at a time, pay for every number that a thread loads, and a great
// deal for threads that wait for each other; so a thread makes much there and waits for few. Real GPUs hide
// loads behind many threads, and a thread that makes too much takes registers from the others.

import type { Precision } from '../../painter.ts';
import { isSoftware, runsFours } from '../runtime/device.ts';

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

export const SOFTWARE_STYLE: Style = {
  threads: 4,
  few: 0,
  together: false,
  shapes: {
    heavy: { wide: 8, tall: 1, deep: 4, share: 1 },
    fine: { wide: 8, tall: 1, deep: 2, share: 1 },
    coarse: { wide: 2, tall: 2, deep: 4, share: 1 },
    tiny: { wide: 1, tall: 1, deep: 4, share: 1 },
  },
  precision: 'float32',
};

export const GPU_STYLE: Style = {
  threads: 64,
  few: 16384,
  together: false,
  shapes: {
    heavy: { wide: 4, tall: 1, deep: 2, share: 1 },
    fine: { wide: 4, tall: 1, deep: 1, share: 1 },
    coarse: { wide: 2, tall: 2, deep: 2, share: 16 },
    tiny: { wide: 1, tall: 1, deep: 1, share: 32 },
  },
  precision: 'float32',
};

export const styleFor = (device: GPUDevice): Style =>
  isSoftware(device) ? { ...SOFTWARE_STYLE, together: runsFours(device) } : GPU_STYLE;
