/** A perceptron as a network of places, to draw and to save it. */
import type { PixelNetwork } from './network.ts';
import { INPUTS, OUTPUTS, type Squash, UNIT } from './pixels.ts';

/** The perceptron as a network of places from -1 to 1, where the seed's are x / width. */
export function asNetwork(
  numbers: Float64Array,
  hidden: number,
  squash: Squash,
  side: number,
): { network: PixelNetwork; weights: Map<string, Float32Array> } {
  const layers = [
    { name: 'hidden1', from: INPUTS, to: hidden, act: squash, factor: 1, isFixed: false },
    { name: 'colour', from: hidden, to: OUTPUTS, act: 'sigmoid', factor: 1, isFixed: false },
  ] as const;
  const units = Array.from({ length: hidden }, (_, j) => numbers.subarray(j * UNIT, (j + 1) * UNIT));
  // The middle of pixel i is (2 i + 1) / side - 1 here, and i / side there.
  const middle = 0.5 - 0.5 / side;
  const weights = new Map([
    ['hidden1.weight', Float32Array.from(units.flatMap(([x = 0, y = 0]) => [x / 2, y / 2]))],
    ['hidden1.bias', Float32Array.from(units, ([x = 0, y = 0, bias = 0]) => bias + (x + y) * middle)],
    ['colour.weight', Float32Array.from([3, 4, 5].flatMap(c => units.map(unit => unit[c] ?? 0)))],
    ['colour.bias', Float32Array.from(numbers.subarray(hidden * UNIT))],
  ]);
  return { network: { inputs: INPUTS, grids: [], layers }, weights };
}
