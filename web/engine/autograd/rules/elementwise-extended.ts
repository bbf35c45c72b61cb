// Gradients of element-wise operators that our own looks do not use. At kinks they are torch's.

import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';
import {
  branching,
  broadcasting,
  derivative,
  type Formula,
  isPositive,
  oneMinus,
  squared,
} from './elementwise.ts';

const sigmoid = (write: NodeWriter, x: string): string => write.add('Sigmoid', [x]);
/** The output is positive where the input is, and the output is kept anyway. */
const exponential = (alpha: number, gamma: number): ((write: NodeWriter, x: string, y: string) => string) => {
  return (write, _, y) =>
    write.where(isPositive(write, y), write.number(gamma), write.shifted(y, gamma * alpha));
};

function geluDerivative(write: NodeWriter, x: string, node: BackwardNode): string {
  if (node.reader.text('approximate', 'none') === 'tanh') {
    const [a, b] = [Math.sqrt(2 / Math.PI), 0.044715];
    const square = squared(write, x);
    const inner = write.scaled(write.times(x, write.shifted(write.scaled(square, b), 1)), a);
    const t = write.add('Tanh', [inner]);
    const slope = write.scaled(write.shifted(write.scaled(square, 3 * b), 1), a);
    const second = write.times(write.times(x, oneMinus(write, squared(write, t))), slope);
    return write.scaled(write.plus(write.shifted(t, 1), second), 0.5);
  }
  const below = write.scaled(write.shifted(write.add('Erf', [write.scaled(x, Math.SQRT1_2)]), 1), 0.5);
  const bell = write.add('Exp', [write.scaled(squared(write, x), -0.5)]);
  return write.plus(below, write.times(x, write.scaled(bell, 1 / Math.sqrt(2 * Math.PI))));
}

function swishDerivative(write: NodeWriter, x: string, node: BackwardNode): string {
  const alpha = node.reader.float('alpha', 1);
  const s = sigmoid(write, write.scaled(x, alpha));
  return write.times(s, write.shifted(write.times(write.scaled(x, alpha), oneMinus(write, s)), 1));
}

function mishDerivative(write: NodeWriter, x: string): string {
  const t = write.add('Tanh', [write.add('Softplus', [x])]);
  return write.plus(t, write.times(write.times(x, oneMinus(write, squared(write, t))), sigmoid(write, x)));
}

/** Shares the gradient among the inputs that are the extreme. */
const extreme: Formula = (write, _, inputs, y, dy) => {
  if (inputs.length === 1) return [() => dy];
  const equals = (x: string) => write.where(write.add('Equal', [x, y]), write.number(1), write.number(0));
  const count = () => inputs.slice(1).reduce((sum, x) => write.plus(sum, equals(x)), equals(inputs[0] ?? ''));
  return inputs.map(x => () => write.times(equals(x), write.over(dy, count())));
};

/** The derivative by the exponent is 0 where the base is 0. */
const power: Formula = (write, _, [a = '', b = ''], y, dy) => [
  () => write.times(dy, write.times(b, write.add('Pow', [a, write.shifted(b, -1)]))),
  () => {
    const isZero = write.add('Equal', [a, write.number(0)]);
    const safe = write.where(isZero, write.number(1), a);
    return write.times(dy, write.times(y, write.add('Log', [safe])));
  },
];

export const ELEMENTWISE_EXTENDED: Readonly<Record<string, Rule>> = {
  Celu: derivative((write, x, _, node) => {
    const low = write.add('Exp', [write.scaled(x, 1 / node.reader.float('alpha', 1))]);
    return write.where(isPositive(write, x), write.number(1), low);
  }),
  Cos: derivative((write, x) => write.add('Neg', [write.add('Sin', [x])])),
  Elu: derivative((write, x, y, node) => exponential(node.reader.float('alpha', 1), 1)(write, x, y)),
  Erf: derivative((write, x) =>
    write.scaled(write.add('Exp', [write.add('Neg', [squared(write, x)])]), 2 / Math.sqrt(Math.PI)),
  ),
  Gelu: derivative((write, x, _, node) => geluDerivative(write, x, node)),
  HardSigmoid: broadcasting((write, node, _, y, dy) => [
    () => {
      const inside = write.add('And', [isPositive(write, y), write.add('Less', [y, write.number(1)])]);
      return write.where(inside, write.scaled(dy, node.reader.float('alpha', 0.2)), write.number(0));
    },
  ]),
  HardSwish: derivative((write, x) => {
    const middle = write.shifted(write.scaled(x, 1 / 3), 0.5);
    const low = write.where(write.isAbove(x, -3), middle, write.number(0));
    return write.where(write.add('Less', [x, write.number(3)]), low, write.number(1));
  }),
  Log: broadcasting((write, _, [x = ''], __, dy) => [() => write.over(dy, x)]),
  Max: broadcasting(extreme),
  Mean: broadcasting((write, _, inputs, __, dy) =>
    inputs.map(() => () => write.scaled(dy, 1 / inputs.length)),
  ),
  Min: broadcasting(extreme),
  Mish: derivative((write, x) => mishDerivative(write, x)),
  Mod: broadcasting((write, _, [a = '', b = ''], y, dy) => [
    () => dy,
    () => write.add('Neg', [write.times(dy, write.add('Round', [write.over(write.minus(a, y), b)]))]),
  ]),
  PRelu: broadcasting((write, _, [x = '', slope = ''], __, dy) => [
    () => write.where(isPositive(write, x), dy, write.times(dy, slope)),
    () => write.where(isPositive(write, x), write.number(0), write.times(dy, x)),
  ]),
  Pow: broadcasting(power),
  Reciprocal: derivative((write, _, y) => write.add('Neg', [squared(write, y)])),
  Selu: derivative((write, x, y, node) => {
    const [alpha, gamma] = [
      node.reader.float('alpha', 1.6732631921768188),
      node.reader.float('gamma', 1.0507010221481323),
    ];
    return exponential(alpha, gamma)(write, x, y);
  }),
  Sin: derivative((write, x) => write.add('Cos', [x])),
  Softplus: derivative((write, x) => sigmoid(write, x)),
  Softsign: derivative((write, x) =>
    write.add('Reciprocal', [squared(write, write.shifted(write.add('Abs', [x]), 1))]),
  ),
  Sum: broadcasting((_, __, inputs, ___, dy) => inputs.map(() => () => dy)),
  Swish: derivative((write, x, _, node) => swishDerivative(write, x, node)),
  ThresholdedRelu: branching(
    (write, x, _, node) => write.isAbove(x, node.reader.float('alpha', 1)),
    () => 0,
  ),
};
