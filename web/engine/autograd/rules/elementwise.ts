// Gradients of element-wise operators. At kinks they are torch's: relu'(0) = 0, leaky'(0) = its slope, abs'(0) = 0; Clip
// passes the gradient at its bounds; Max and Min share it among the inputs that are equal.

import { FLOATS } from '../../graph/lowering/cast.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, InputGradient, Rule } from './backward-node.ts';

/** The gradients of the inputs, in the shape of the output. */
type Formula = (
  write: NodeWriter,
  node: BackwardNode,
  inputs: readonly string[],
  output: string,
  gradient: string,
) => readonly InputGradient[];

/** Makes a rule of a formula. Gradients are summed over what was broadcast. */
function broadcasting(formula: Formula): Rule {
  return (node, [gradient]) => {
    const { writer, inputs, outputs } = node;
    if (!gradient) return [];
    const made = formula(writer, node, inputs, outputs[0] ?? '', gradient);
    const whole = node.outputDims();
    return made.map((one, i) => one && (() => writer.sumTo(one(), whole, node.dims(i))));
  };
}

/** A rule for operators of one input: the derivative, of the input and the output. */
const derivative = (of: (write: NodeWriter, x: string, y: string, node: BackwardNode) => string): Rule =>
  broadcasting((write, node, [x = ''], y, dy) => [() => write.times(dy, of(write, x, y, node))]);

/** A rule for operators whose derivative is 1 where `test` holds, else `factor`. */
const branching = (
  test: (write: NodeWriter, x: string, y: string, node: BackwardNode) => string,
  factor: (node: BackwardNode) => number,
): Rule =>
  broadcasting((write, node, [x = ''], y, dy) => [
    () => {
      const other = factor(node);
      return write.where(
        test(write, x, y, node),
        dy,
        other === 0 ? write.number(0) : write.scaled(dy, other),
      );
    },
  ]);

const sigmoid = (write: NodeWriter, x: string): string => write.add('Sigmoid', [x]);
const oneMinus = (write: NodeWriter, x: string): string => write.minus(write.number(1), x);
const squared = (write: NodeWriter, x: string): string => write.times(x, x);
const isPositive = (write: NodeWriter, x: string): string => write.isAbove(x, 0);

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

/** Before opset 11 the bounds are attributes. */
const clip: Formula = (write, node, [x = '', low, high], _, dy) => {
  const { reader } = node;
  const attribute = (name: string): string | undefined =>
    reader.node.attributes.has(name) ? write.number(reader.float(name, 0)) : undefined;
  const [least, most] = node.builder.opset < 11 ? [attribute('min'), attribute('max')] : [low, high];
  const none = write.number(0);
  const below = least ? () => write.add('Less', [x, least]) : null;
  const above = most ? () => write.add('Greater', [x, most]) : null;
  return [
    () => {
      const inner = above ? write.where(above(), none, dy) : dy;
      return below ? write.where(below(), none, inner) : inner;
    },
    below && (() => write.where(below(), dy, none)),
    above && (() => write.where(above(), dy, none)),
  ];
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

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  Abs: derivative((write, x) => write.add('Sign', [x])),
  Add: broadcasting((_, __, ___, ____, dy) => [() => dy, () => dy]),
  Cast: broadcasting((_, node, __, ___, dy) => (FLOATS.includes(node.reader.int('to', 1)) ? [() => dy] : [])),
  CastLike: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  Celu: derivative((write, x, _, node) => {
    const low = write.add('Exp', [write.scaled(x, 1 / node.reader.float('alpha', 1))]);
    return write.where(isPositive(write, x), write.number(1), low);
  }),
  Clip: broadcasting(clip),
  Cos: derivative((write, x) => write.add('Neg', [write.add('Sin', [x])])),
  Div: broadcasting((write, _, [, b = ''], y, dy) => [
    () => write.over(dy, b),
    () => write.add('Neg', [write.over(write.times(dy, y), b)]),
  ]),
  Dropout: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  Elu: derivative((write, x, y, node) => exponential(node.reader.float('alpha', 1), 1)(write, x, y)),
  Erf: derivative((write, x) =>
    write.scaled(write.add('Exp', [write.add('Neg', [squared(write, x)])]), 2 / Math.sqrt(Math.PI)),
  ),
  Exp: derivative((_, __, y) => y),
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
  Identity: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  LeakyRelu: branching(isPositive, node => node.reader.float('alpha', 0.01)),
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
  Mul: broadcasting((write, _, [a = '', b = ''], __, dy) => [
    () => write.times(dy, b),
    () => write.times(dy, a),
  ]),
  Neg: broadcasting((write, _, __, ___, dy) => [() => write.add('Neg', [dy])]),
  PRelu: broadcasting((write, _, [x = '', slope = ''], __, dy) => [
    () => write.where(isPositive(write, x), dy, write.times(dy, slope)),
    () => write.where(isPositive(write, x), write.number(0), write.times(dy, x)),
  ]),
  Pow: broadcasting(power),
  Reciprocal: derivative((write, _, y) => write.add('Neg', [squared(write, y)])),
  Relu: branching(
    (write, _, y) => isPositive(write, y),
    () => 0,
  ),
  Selu: derivative((write, x, y, node) => {
    const [alpha, gamma] = [
      node.reader.float('alpha', 1.6732631921768188),
      node.reader.float('gamma', 1.0507010221481323),
    ];
    return exponential(alpha, gamma)(write, x, y);
  }),
  Sigmoid: derivative((write, _, y) => write.times(y, oneMinus(write, y))),
  Sin: derivative((write, x) => write.add('Cos', [x])),
  Softplus: derivative((write, x) => sigmoid(write, x)),
  Softsign: derivative((write, x) =>
    write.add('Reciprocal', [squared(write, write.shifted(write.add('Abs', [x]), 1))]),
  ),
  Sqrt: broadcasting((write, _, __, y, dy) => [() => write.over(dy, write.scaled(y, 2))]),
  Sub: broadcasting((write, _, __, ___, dy) => [() => dy, () => write.add('Neg', [dy])]),
  Sum: broadcasting((_, __, inputs, ___, dy) => inputs.map(() => () => dy)),
  Swish: derivative((write, x, _, node) => swishDerivative(write, x, node)),
  Tanh: derivative((write, _, y) => oneMinus(write, squared(write, y))),
  ThresholdedRelu: branching(
    (write, x, _, node) => write.isAbove(x, node.reader.float('alpha', 1)),
    () => 0,
  ),
  Where: broadcasting((write, _, [test = ''], __, dy) => [
    null,
    () => write.where(test, dy, write.number(0)),
    () => write.where(test, write.number(0), dy),
  ]),
};
