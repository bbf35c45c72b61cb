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

const APPLY: Readonly<Record<Activation, (values: Float64Array) => void>> = {
  sigmoid: values => {
    for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-(values[i] ?? 0)));
  },
  tanh: values => {
    for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i] ?? 0);
  },
  relu: values => {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(0, values[i] ?? 0);
  },
  linear: () => undefined,
};

/** What each layer computes for inputs of 0..1: its units by the inputs. */
export function activationsOf(
  layers: readonly DenseLayer[],
  weights: ReadonlyMap<string, Float32Array>,
  inputs: Float64Array,
): readonly Float64Array[] {
  const { length } = inputs;
  let before = inputs;
  return layers.map(({ name, from, to, act }) => {
    const [weight, bias] = [weights.get(`${name}.weight`), weights.get(`${name}.bias`)];
    const made = new Float64Array(to * length);
    for (let unit = 0; unit < to; unit++) {
      const first = unit * length;
      made.fill(bias?.[unit] ?? 0, first, first + length);
      for (let i = 0; i < from; i++) {
        const factor = weight?.[unit * from + i] ?? 0;
        for (let at = 0; at < length; at++) {
          made[first + at] = (made[first + at] ?? 0) + factor * (before[i * length + at] ?? 0);
        }
      }
    }
    APPLY[act](made);
    before = made;
    return made;
  });
}

/** The mean of squared errors over the table, in the unit of y squared. */
export function meanSquaredError(
  layers: readonly DenseLayer[],
  weights: ReadonlyMap<string, Float32Array>,
  { x, y }: PairTable,
): number {
  const [across, up] = [rangeOf(x), rangeOf(y)];
  const inputs = x.map(value => toUnit(across, value));
  const made = activationsOf(layers, weights, inputs).at(-1);
  return y.reduce((sum, value, i) => sum + (fromUnit(up, made?.[i] ?? 0) - value) ** 2, 0) / y.length;
}
