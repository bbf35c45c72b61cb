// The default configuration of kernels, before anything is measured.
//
// Software GPUs run four threads at a time. Loads cost there, and barriers cost a lot. So a thread computes much and
// rarely waits. Real GPUs hide loads behind many threads, and a thread that computes too much takes registers from
// the others.

import type { GemmShape, KernelConfig } from '../kernels/config.ts';
import { hasQuads, isSoftware, vendorOf } from '../runtime/device.ts';

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

/** 4 x 4 outputs of a thread. With more, Intel's compiler runs out of registers. */
const SMALL_TILE: GemmShape = { columns: 8, rows: 8, blocks: 8, quads: 1, terms: 4 };
/** 8 x 4 outputs of a thread, which then reads less for each product. */
const LARGE_TILE: GemmShape = { ...SMALL_TILE, columns: 16, quads: 2 };

/** For GPUs of which nothing is known. `docs/benchmarks/gpus.md` has what compilers make of it. */
export const GPU_CONFIG: KernelConfig = {
  threads: 64,
  minThreads: 2048,
  hasQuads: false,
  shapes: { heavy: SMALL_TILE, fine: SMALL_TILE, coarse: SMALL_TILE, tiny: SMALL_TILE },
  precision: 'float32',
};

/** For GPUs with 128 registers and more for a thread. */
export const LARGE_GPU_CONFIG: KernelConfig = {
  ...GPU_CONFIG,
  shapes: { ...GPU_CONFIG.shapes, heavy: LARGE_TILE },
};

export function defaultConfig(device: GPUDevice): KernelConfig {
  if (isSoftware(device)) return { ...SOFTWARE_CONFIG, hasQuads: hasQuads(device) };
  return /^(amd|apple|nvidia)\b/i.test(vendorOf(device)) ? LARGE_GPU_CONFIG : GPU_CONFIG;
}
