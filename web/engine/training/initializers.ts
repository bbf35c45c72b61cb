// Initial values of one tensor, as torch.nn.init (2.13) draws them in float32: the same numbers for the same seed.

import { productOf } from '../graph/ir/strides.ts';
import type { TorchGenerator } from './generator.ts';

/** The values of a tensor of those dimensions. */
export type Initializer = (generator: TorchGenerator, dims: readonly number[]) => Float32Array;

/** Inputs and outputs of a weight (out, in, ...): the products of its elements that one output sums up, and that one
 * input is in. For (in, out, ...), as transposed convolutions have them, they change places, as in torch. */
export function countFans(dims: readonly number[]): { fanIn: number; fanOut: number } {
  const [first = 1, second = 1, ...kernel] = dims;
  const taps = productOf(kernel);
  return { fanIn: second * taps, fanOut: first * taps };
}

export const constantly =
  (value: number): Initializer =>
  (_, dims) =>
    new Float32Array(productOf(dims)).fill(value);

export const uniform =
  (low = 0, high = 1): Initializer =>
  (generator, dims) =>
    generator.uniform(productOf(dims), low, high);

export const normal =
  (mean = 0, deviation = 1): Initializer =>
  (generator, dims) =>
    generator.normal(productOf(dims), mean, deviation);

/** The deviation of He et al. (2015), for leaky ReLUs of that slope. */
const kaimingDeviation = (slope: number, dims: readonly number[]): number =>
  Math.sqrt(2 / (1 + slope ** 2)) / Math.sqrt(countFans(dims).fanIn);

/** The deviation of Glorot and Bengio (2010). */
function xavierDeviation(dims: readonly number[]): number {
  const { fanIn, fanOut } = countFans(dims);
  return Math.sqrt(2 / (fanIn + fanOut));
}

/** Uniform, as wide as that deviation asks. */
const withDeviation = (deviation: number): Initializer => {
  const bound = Math.sqrt(3) * deviation;
  return uniform(-bound, bound);
};

export const kaimingUniform =
  (slope = 0): Initializer =>
  (generator, dims) =>
    withDeviation(kaimingDeviation(slope, dims))(generator, dims);

export const kaimingNormal =
  (slope = 0): Initializer =>
  (generator, dims) =>
    normal(0, kaimingDeviation(slope, dims))(generator, dims);

export const xavierUniform: Initializer = (generator, dims) =>
  withDeviation(xavierDeviation(dims))(generator, dims);

export const xavierNormal: Initializer = (generator, dims) =>
  normal(0, xavierDeviation(dims))(generator, dims);
