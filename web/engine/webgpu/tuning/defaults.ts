// The default configuration of kernels, before anything is measured.
//
// Software GPUs run four threads at a time. Loads cost there, and barriers cost a lot. So a thread computes much and
// rarely waits. Real GPUs hide loads behind many threads, and a thread that computes too much takes registers from
// the others.

import type { ConvClass, KernelConfig, TileShape } from '../kernels/config.ts';
import { hasQuads, isSoftware, vendorOf } from '../runtime/device.ts';

export const SOFTWARE_CONFIG: Omit<KernelConfig, 'shapes'> & { shapes: Record<ConvClass, TileShape> } = {
  threads: 4,
  minThreads: 0,
  hasQuads: false,
  unrollsTaps: true,
  hasHalves: false,
  shapes: {
    heavy: { wide: 8, tall: 1, deep: 4, share: 1 },
    fine: { wide: 8, tall: 1, deep: 2, share: 1 },
    coarse: { wide: 2, tall: 2, deep: 4, share: 1 },
    tiny: { wide: 1, tall: 1, deep: 4, share: 1 },
  },
  precision: 'float32',
};

/** The quickest of twelve to compile and paint once, by their sum. */
const STARTER: TileShape = { wide: 4, tall: 1, deep: 2, share: 1 };

/** Eight pixels of a thread, in one block of channels. */
const UPRIGHT: TileShape = { wide: 1, tall: 8, deep: 1, share: 1 };
/** For few outputs: threads share sums. */
const SQUARE: TileShape = { wide: 2, tall: 2, deep: 1, share: 32 };
const SMALL: TileShape = { wide: 1, tall: 2, deep: 1, share: 1 };
const PAIR: TileShape = { wide: 1, tall: 2, deep: 1, share: 32 };
const PIXEL: TileShape = { wide: 1, tall: 1, deep: 1, share: 32 };

/** For GPUs of which nothing is known. `docs/benchmarks/gpus.md` has what compilers make of it. */
export const GPU_CONFIG: KernelConfig = {
  threads: 64,
  minThreads: 2048,
  hasQuads: false,
  unrollsTaps: false,
  hasHalves: true,
  shapes: { heavy: 'gemm', fine: 'gemm', coarse: PAIR, tiny: PIXEL },
  precision: 'float32',
};

/** For GPUs with 128 registers and more for a thread. */
export const LARGE_GPU_CONFIG: KernelConfig = {
  ...GPU_CONFIG,
  minThreads: 8192,
  unrollsTaps: true,
  shapes: { heavy: UPRIGHT, fine: UPRIGHT, coarse: SQUARE, tiny: SQUARE },
};

/** For Qualcomm's, which have those registers and quick workgroup memory. */
export const ADRENO_CONFIG: KernelConfig = {
  ...LARGE_GPU_CONFIG,
  minThreads: 2048,
  shapes: { ...LARGE_GPU_CONFIG.shapes, heavy: 'gemm', fine: 'gemm', tiny: PIXEL },
};

/** For Arm's, whose threads have 64 registers, and whose workgroup memory is main memory (Arm's guide
 * for OpenCL). Tiles of two outputs have few sums, so that taps are unrolled all the same: a loop would cost more. */
export const MALI_CONFIG: KernelConfig = {
  ...GPU_CONFIG,
  unrollsTaps: true,
  shapes: { ...GPU_CONFIG.shapes, heavy: SMALL, fine: SMALL },
};

/** By what the vendor's name says. A GPU that says nothing may be any. */
const VENDORS: readonly (readonly [RegExp, KernelConfig])[] = [
  [/^(amd|apple|nvidia)\b/i, LARGE_GPU_CONFIG],
  [/^qualcomm\b/i, ADRENO_CONFIG],
  [/^arm\b/i, MALI_CONFIG],
];

/** What the first painting on a software GPU starts with: half the text to compile, as taps are a loop, and
 * layers have one tile and share pipelines. Null for real GPUs, whose programs would be a tenth shorter. */
export const starterConfig = (config: KernelConfig): KernelConfig | null =>
  config.minThreads > 0
    ? null
    : {
        ...config,
        unrollsTaps: false,
        shapes: { heavy: STARTER, fine: STARTER, coarse: STARTER, tiny: STARTER },
      };

export function defaultConfig(device: GPUDevice): KernelConfig {
  if (isSoftware(device)) return { ...SOFTWARE_CONFIG, hasQuads: hasQuads(device) };
  const vendor = vendorOf(device);
  return VENDORS.find(([pattern]) => pattern.test(vendor))?.[1] ?? GPU_CONFIG;
}
