// The default configuration of kernels, before anything is measured.
//
// Software GPUs run four threads at a time. Loads cost there, and barriers cost a lot. So a thread computes much and
// rarely waits. Real GPUs hide loads behind many threads, and a thread that computes too much takes registers from
// the others.

import type { KernelConfig } from '../kernels/config.ts';
import { hasQuads, isSoftware } from '../runtime/device.ts';

export const SOFTWARE_CONFIG: KernelConfig = {
  threads: 4,
  minThreads: 0,
  hasQuads: false,
  shapes: {
    heavy: { wide: 8, tall: 1, deep: 4, share: 1 },
    fine: { wide: 8, tall: 1, deep: 2, share: 1 },
    coarse: { wide: 2, tall: 2, deep: 4, share: 1 },
    tiny: { wide: 1, tall: 1, deep: 4, share: 1 },
  },
  precision: 'float32',
};

export const GPU_CONFIG: KernelConfig = {
  threads: 64,
  minThreads: 16384,
  hasQuads: false,
  shapes: {
    heavy: { wide: 4, tall: 1, deep: 2, share: 1 },
    fine: { wide: 4, tall: 1, deep: 1, share: 1 },
    coarse: { wide: 2, tall: 2, deep: 2, share: 16 },
    tiny: { wide: 1, tall: 1, deep: 1, share: 32 },
  },
  precision: 'float32',
};

export const defaultConfig = (device: GPUDevice): KernelConfig =>
  isSoftware(device) ? { ...SOFTWARE_CONFIG, hasQuads: hasQuads(device) } : GPU_CONFIG;
