// Tiles of a training step's convolutions on a software GPU. A look's layers share tiles, and so pipelines, at the price of
// tiles that are partly empty. A training compiles once for thousands of steps, so each layer gets tiles that fit it.

import type { Operation } from '../../graph/ir/operation.ts';
import type { ConvShape, KernelConfig } from './config.ts';
import { outputBases } from './conv-common.ts';

const WIDTHS = [8, 7, 6, 5, 4];

/** The width whose tiles have the fewest empty columns. */
export function fitWidth(columns: number): number {
  const waste = (width: number) => Math.ceil(columns / width) * width;
  return WIDTHS.reduce((best, width) => (waste(width) < waste(best) ? width : best));
}

export function fitConfig(config: KernelConfig, operation: Operation): KernelConfig {
  if (config.minThreads > 0 || operation.kind !== 'convolution') return config;
  const [, columns] = outputBases(operation);
  const wide = fitWidth(columns);
  const fitted = (shape: ConvShape): ConvShape =>
    shape === 'gemm' || shape.wide < 8 ? shape : { ...shape, wide };
  const { heavy, fine, coarse, tiny } = config.shapes;
  return { ...config, shapes: { heavy: fitted(heavy), fine: fitted(fine), coarse, tiny } };
}
