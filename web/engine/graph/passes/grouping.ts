// Which values a mean or a variance is of, whatever the shapes that say so; and which kernels take them together.

import { canNormalize, valuesPerMean } from '../ir/normalization.ts';
import type { Normalization, Reduce } from '../ir/operation.ts';
import { productOf, stridesOf } from '../ir/strides.ts';
import type { Shape } from '../ir/tensor.ts';

/** Which mean (or variance) each value has, in the values' order. */
export interface Grouping {
  /** Dimensions to count through, and strides among the means. Neighbouring dimensions are merged where possible, so
   * equal groupings of any shapes have equal keys. */
  readonly key: string;
  /** Values per mean. */
  readonly each: number;
}

export function groupingOf(dims: readonly number[], kept: readonly number[]): Grouping {
  const strides = stridesOf(kept);
  const merged: { dim: number; stride: number }[] = [];
  dims.forEach((dim, i) => {
    if (dim === 1) return;
    const stride = kept[i] === 1 ? 0 : (strides[i] ?? 0);
    const last = merged.at(-1);
    if (last && last.stride === stride * dim) merged[merged.length - 1] = { dim: last.dim * dim, stride };
    else merged.push({ dim, stride });
  });
  const each = productOf(merged.map(({ dim, stride }) => (stride === 0 ? dim : 1)));
  return { key: merged.map(({ dim, stride }) => `${dim}:${stride}`).join(), each };
}

export const reduceGrouping = ({ inputs: [from], output }: Reduce): Grouping | null =>
  from ? groupingOf(from.shape, output.shape) : null;

/** Which values of a tensor are normalized together. */
export type NormalizedAxes = Pick<Normalization, 'channels' | 'axes'>;

export function groupingOfAxes(
  [n, c, h, w]: Shape,
  { channels, axes: [rows, columns] }: NormalizedAxes,
): Grouping {
  const kept = [n, c / channels, 1, rows ? 1 : h, columns ? 1 : w];
  return groupingOf([n, c / channels, channels, h, w], kept);
}

/** How a kernel takes together what the grouping does; null if none can. */
export function findNormalizedAxes(shape: Shape, { key, each }: Grouping): NormalizedAxes | null {
  for (const axes of [
    [true, true],
    [false, true],
    [true, false],
    [false, false],
  ] as const) {
    const channels = each / valuesPerMean({ channels: 1, axes }, shape);
    const fits = Number.isInteger(channels) && canNormalize(channels, shape);
    if (fits && groupingOfAxes(shape, { channels, axes }).key === key) return { channels, axes };
  }
  return null;
}
