// Tiles of a training step's convolutions on a software GPU. A look's layers share tiles, and so pipelines, at the price of
// tiles that are partly empty. A training compiles once for thousands of steps, so each layer gets tiles that fit it.

import type { Operation } from '../../graph/ir/operation.ts';
import type { ConvShape, KernelConfig } from './config.ts';
import { outputBases } from './conv-common.ts';

/** Columns of a tile, at most, and sums of a thread. */
const MAX_WIDTH = 16;
const MAX_SUMS = 64;
const MIN_WIDTH = 4;

/** The width, up to `most`, whose tiles have the fewest empty columns; the widest of several. */
export function fitWidth(columns: number, most: number): number {
  const waste = (width: number) => Math.ceil(columns / width) * width;
  let best = Math.max(most, MIN_WIDTH);
  for (let width = best - 1; width >= MIN_WIDTH; width--) if (waste(width) < waste(best)) best = width;
  return best;
}

export function fitConfig(config: KernelConfig, operation: Operation): KernelConfig {
  if (config.minThreads > 0 || operation.kind !== 'convolution') return config;
  const [, columns] = outputBases(operation);
  const fitted = (shape: ConvShape): ConvShape => {
    if (shape === 'gemm' || shape.wide < MIN_WIDTH) return shape;
    const most = Math.floor(MAX_SUMS / (shape.tall * shape.deep * operation.x.outputStride));
    return { ...shape, wide: fitWidth(columns, Math.min(most, MAX_WIDTH)) };
  };
  const { heavy, fine, coarse, tiny } = config.shapes;
  return { ...config, shapes: { heavy: fitted(heavy), fine: fitted(fine), coarse, tiny } };
}
