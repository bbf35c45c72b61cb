// Gradients of the element-wise operators that our own looks have; others are in `elementwise-extended.ts`. At kinks they are torch's: relu'(0) = 0, leaky'(0) = its slope, abs'(0) = 0; Clip
// passes the gradient at its bounds; Max and Min share it among the inputs that are equal.

import { FLOATS } from '../../graph/lowering/cast.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, InputGradient, Rule } from './backward-node.ts';

/** The gradients of the inputs, in the shape of the output. */
export type Formula = (
  write: NodeWriter,
  node: BackwardNode,
  inputs: readonly string[],
  output: string,
  gradient: string,
) => readonly InputGradient[];

/** Makes a rule of a formula. Gradients are summed over what was broadcast. */
export function broadcasting(formula: Formula): Rule {
  return (node, [gradient]) => {
    const { writer, inputs, outputs } = node;
    if (!gradient) return [];
    const made = formula(writer, node, inputs, outputs[0] ?? '', gradient);
    const whole = node.outputDims();
    return made.map((one, i) => one && (() => writer.sumTo(one(), whole, node.dims(i))));
  };
}

/** A rule for operators of one input: the derivative, of the input and the output. */
export const derivative = (
  of: (write: NodeWriter, x: string, y: string, node: BackwardNode) => string,
): Rule => broadcasting((write, node, [x = ''], y, dy) => [() => write.times(dy, of(write, x, y, node))]);

/** A rule for operators whose derivative is 1 where `test` holds, else `factor`. */
export const branching = (
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

export const oneMinus = (write: NodeWriter, x: string): string => write.minus(write.number(1), x);
export const squared = (write: NodeWriter, x: string): string => write.times(x, x);
export const isPositive = (write: NodeWriter, x: string): string => write.isAbove(x, 0);

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

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  Abs: derivative((write, x) => write.add('Sign', [x])),
  Add: broadcasting((_, __, ___, ____, dy) => [() => dy, () => dy]),
  Cast: broadcasting((_, node, __, ___, dy) => (FLOATS.includes(node.reader.int('to', 1)) ? [() => dy] : [])),
  CastLike: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  Clip: broadcasting(clip),
  Div: broadcasting((write, _, [, b = ''], y, dy) => [
    () => write.over(dy, b),
    () => write.add('Neg', [write.over(write.times(dy, y), b)]),
  ]),
  Dropout: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  Exp: derivative((_, __, y) => y),
  Identity: broadcasting((_, __, ___, ____, dy) => [() => dy]),
  LeakyRelu: branching(isPositive, node => node.reader.float('alpha', 0.01)),
  Mul: broadcasting((write, _, [a = '', b = ''], __, dy) => [
    () => write.times(dy, b),
    () => write.times(dy, a),
  ]),
  Neg: broadcasting((write, _, __, ___, dy) => [() => write.add('Neg', [dy])]),
  Relu: branching(
    (write, _, y) => isPositive(write, y),
    () => 0,
  ),
  Sigmoid: derivative((write, _, y) => write.times(y, oneMinus(write, y))),
  Sqrt: broadcasting((write, _, __, y, dy) => [() => write.over(dy, write.scaled(y, 2))]),
  Sub: broadcasting((write, _, __, ___, dy) => [() => dy, () => write.add('Neg', [dy])]),
  Tanh: derivative((write, _, y) => oneMinus(write, squared(write, y))),
  Where: broadcasting((write, _, [test = ''], __, dy) => [
    null,
    () => write.where(test, dy, write.number(0)),
    () => write.where(test, write.number(0), dy),
  ]),
};
