/** The network of the tab: one number in, dense layers, one number out. It brings its numbers to 0..1 and back itself, so
 * that the saved file takes and gives them in their own units. */
import type { OnnxModel } from '../../engine/training/index.ts';
import { fromUnit, type PairTable, type Range, rangeOf, toUnit } from '../data/table.ts';
import { ModelBuilder } from '../network/model-builder.ts';

export const ACTIVATIONS = ['sigmoid', 'tanh', 'relu', 'linear'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface NetworkShape {
  /** Hidden layers, besides the first layer of one linear unit. */
  readonly hidden: number;
  readonly units: number;
  readonly act: Activation;
}

export interface DenseLayer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly act: Activation;
}

const NODES = { sigmoid: 'Sigmoid', tanh: 'Tanh', relu: 'Relu' } as const;

/** A layer of one unit before and after the hidden ones: the network of TensorFlow.js' codelab. */
export function layersOf({ hidden, units, act }: NetworkShape): readonly DenseLayer[] {
  const inner = Array.from({ length: hidden }, (_, i): DenseLayer => {
    return { name: hidden > 1 ? `hidden ${i + 1}` : 'hidden', from: i === 0 ? 1 : units, to: units, act };
  });
  return [
    { name: 'input', from: 1, to: 1, act: 'linear' },
    ...inner,
    { name: 'output', from: hidden > 0 ? units : 1, to: 1, act: 'linear' },
  ];
}

export const parametersOf = ({ from, to }: DenseLayer): number => (from + 1) * to;

/** Names of the weights that are learned. */
export const learnedNames = (layers: readonly DenseLayer[]): string[] =>
  layers.flatMap(({ name }) => [`${name}.weight`, `${name}.bias`]);

/** The network that is trained, whose output is y brought to 0..1; or with `isWhole` the one that is saved, whose output
 * is y in its own unit. */
export function buildModel(layers: readonly DenseLayer[], x: Range, y: Range, isWhole = false): OnnxModel {
  const builder = new ModelBuilder();
  const number = (name: string, value: number) => builder.constant(name, [1], Float32Array.of(value));
  const shifted = builder.node('Sub', ['x', number('x least', x.least)], 'x shifted');
  let values = builder.node('Mul', [shifted, number('x scale', 1 / (x.most - x.least))], 'x of 0 to 1');
  for (const { name, from, to, act } of layers) {
    values = builder.dense(name, values, from, to);
    if (act !== 'linear') values = builder.node(NODES[act], [values], `${name} ${act}`);
  }
  if (isWhole) {
    const scaled = builder.node('Mul', [values, number('y range', y.most - y.least)], 'y scaled');
    values = builder.node('Add', [scaled, number('y least', y.least)], 'y');
  }
  return builder.model({ x: ['N', 1] }, { [values]: ['N', 1] });
}

const APPLY: Readonly<Record<Activation, (value: number) => number>> = {
  sigmoid: value => 1 / (1 + Math.exp(-value)),
  tanh: Math.tanh,
  relu: value => Math.max(0, value),
  linear: value => value,
};

/** What each layer computes for an input of 0..1. */
export function activationsOf(
  layers: readonly DenseLayer[],
  weights: ReadonlyMap<string, Float32Array>,
  input: number,
): readonly Float64Array[] {
  let values = Float64Array.of(input);
  return layers.map(({ name, from, to, act }) => {
    const [weight, bias] = [weights.get(`${name}.weight`), weights.get(`${name}.bias`)];
    const before = values;
    values = Float64Array.from({ length: to }, (_, unit) => {
      let sum = bias?.[unit] ?? 0;
      for (let i = 0; i < from; i++) sum += (weight?.[unit * from + i] ?? 0) * (before[i] ?? 0);
      return APPLY[act](sum);
    });
    return values;
  });
}

/** The mean of squared errors over the table, in the unit of y squared. */
export function meanSquaredError(
  layers: readonly DenseLayer[],
  weights: ReadonlyMap<string, Float32Array>,
  { x, y }: PairTable,
): number {
  const [across, up] = [rangeOf(x), rangeOf(y)];
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const [made = 0] = activationsOf(layers, weights, toUnit(across, x[i] ?? 0)).at(-1) ?? [];
    sum += (fromUnit(up, made) - (y[i] ?? 0)) ** 2;
  }
  return sum / x.length;
}
