// Reductions over axes, and normalizations.

import type { Expression } from '../graph/ir/expression.ts';
import { valuesPerMean } from '../graph/ir/normalization.ts';
import type { Normalization, Reduce } from '../graph/ir/operation.ts';
import { stridesOf } from '../graph/ir/strides.ts';
import { makeTensor, type Shape } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';
import { compileExpression } from './expression.ts';

const START: Readonly<Record<Reduce['how'], number>> = {
  sum: 0,
  product: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
};

/** Calls `take` with the index of each element, and that of the reduced element that it belongs to. */
function forEachElement(
  shape: Shape,
  strides: readonly number[],
  take: (at: number, to: number) => void,
): void {
  const [n, c, h, w] = shape;
  const [sn = 0, sc = 0, sh = 0, sw = 0] = strides;
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let y = 0; y < h; y++) {
        let to = image * sn + channel * sc + y * sh;
        for (let x = 0; x < w; x++, to += sw) take(at++, to);
      }
    }
  }
}

/** Sums are in float64, and stored at the end. */
export function compileReduce(
  { how, axes, output }: Reduce,
  from: Reals,
  input: Shape,
  to: Reals,
): () => void {
  const strides = stridesOf(output.shape).map((stride, axis) => (axes[axis] ? 0 : stride));
  const totals = new Float64Array(to.length);
  const combine = COMBINE[how];
  return () => {
    totals.fill(START[how]);
    forEachElement(input, strides, (at, target) => {
      totals[target] = combine(totals[target] ?? 0, from[at] ?? 0);
    });
    to.set(totals);
  };
}

const COMBINE: Readonly<Record<Reduce['how'], (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  product: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
};

export function compileNormalization(
  operation: Normalization,
  from: Reals,
  shape: Shape,
  to: Reals,
): () => void {
  const { channels, axes, inverse } = operation;
  const [n, c, h, w] = shape;
  const means = [n, Math.ceil(c / channels), axes[0] ? 1 : h, axes[1] ? 1 : w];
  const count = valuesPerMean(operation, shape);
  const size = means.reduce((a, b) => a * b, 1);
  const [sums, variances] = [new Float64Array(size), new Float64Array(size)];
  const strides = stridesOf(means);
  const meanOf = (image: number, channel: number, y: number, x: number): number =>
    image * (strides[0] ?? 0) +
    Math.floor(channel / channels) * (strides[1] ?? 0) +
    (axes[0] ? 0 : y * (strides[2] ?? 0)) +
    (axes[1] ? 0 : x);
  const forEach = (take: (at: number, mean: number) => void): void => {
    let at = 0;
    for (let image = 0; image < n; image++)
      for (let channel = 0; channel < c; channel++)
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) take(at++, meanOf(image, channel, y, x));
  };
  const invert = compileInverse(inverse, variances);
  return () => {
    sums.fill(0);
    forEach((at, mean) => {
      sums[mean] = (sums[mean] ?? 0) + (from[at] ?? 0) / count;
    });
    variances.fill(0);
    forEach((at, mean) => {
      variances[mean] = (variances[mean] ?? 0) + ((from[at] ?? 0) - (sums[mean] ?? 0)) ** 2 / count;
    });
    invert();
    forEach((at, mean) => {
      to[at] = ((from[at] ?? 0) - (sums[mean] ?? 0)) * (variances[mean] ?? 0);
    });
  };
}

/** Replaces variances by the inverse of their deviations. */
function compileInverse(inverse: Expression, variances: Float64Array): () => void {
  const output = makeTensor('variances', [variances.length]);
  return compileExpression(inverse, { output, made: variances, inputs: [], live: new Float32Array() });
}
