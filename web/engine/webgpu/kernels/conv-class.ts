// The class of a convolution, by its parallelism. Each class has a shape of its own, which the tuner chooses.

import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import type { ConvClass, KernelConfig } from './config.ts';
import { outputBases } from './conv-common.ts';
import { GEMM_BLOCKS } from './conv-gemm.ts';

/** Wider kernels use a loop (`conv-naive.ts`): unrolled, their program would be too long. */
const MAX_KERNEL_WIDTH = 16;
/** Multiply-adds from which on a convolution is heavy. */
const HEAVY_MULTIPLY_ADDS = 8e6;
/** Outputs per thread when threads are counted. Shapes do not matter here, as the tuner changes them. */
const OUTPUTS_PER_THREAD = 4;

/** Outputs of a phase up to which real GPUs wait for weights, and for nothing else. */
const TINY = 4;
/** Blocks that a tile may compute for each block that there is. */
const MAX_WASTE = 4 / 3;

const fitsGemm = (out: number): boolean => Math.ceil(out / GEMM_BLOCKS) * GEMM_BLOCKS <= MAX_WASTE * out;

export const isTiledConv = ({ group, weights }: Convolution): boolean =>
  group === 1 && weights.dims[3] <= MAX_KERNEL_WIDTH;

const isHeavy = (operation: Convolution): boolean => multiplyAdds(operation) >= HEAVY_MULTIPLY_ADDS;

export function classOf({ minThreads, shapes }: KernelConfig, operation: Convolution): ConvClass {
  const { output, x } = operation;
  const [n, , height] = output.shape;
  const [rows, columns] = outputBases(operation);
  if (rows * columns <= (minThreads > 0 ? TINY : 1) || x.outputStride > 2) return 'tiny';
  const usual: ConvClass = isHeavy(operation) ? 'heavy' : 'fine';
  if (shapes[usual] === 'gemm' && !fitsGemm(channelBlocks(output))) return 'coarse';
  const threads = (n * height * columns * channelBlocks(output)) / OUTPUTS_PER_THREAD;
  return threads < minThreads || columns < 4 ? 'coarse' : usual;
}
