// Which values of a tensor a normalization takes together.

import type { Normalization } from './operation.ts';
import { productOf } from './strides.ts';
import { LANES, type Shape } from './tensor.ts';

/** Whether kernels can normalize so many channels together: they sum whole blocks, or within one. */
export const canNormalize = (channels: number, [, c]: Shape): boolean =>
  c % channels === 0 && (channels <= 2 || channels % LANES === 0 || channels === c);

/** The number of values that share a mean. */
export function valuesPerMean(
  { channels, axes }: Pick<Normalization, 'channels' | 'axes'>,
  shape: Shape,
): number {
  return channels * productOf(shape.slice(2).filter((_, i) => axes[i]));
}
