// The optimizers that ONNX has as operators, in the domain ai.onnx.preview.training: Adagrad, Adam, Momentum. Their inputs
// are a rate, the number of updates before this one, and for each weight: the weight, its gradient, and what is kept.
// Ours are formulas (training/optimizers); these are for files that have them, and differ from torch's in places
// (docs/optimizers.md).

import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { NodeReader } from './builder.ts';
import { composite } from './composite.ts';
import type { LoweringLater } from './elementwise.ts';

/** One weight and what it is updated by. */
interface Tensors {
  readonly rate: string;
  readonly count: string;
  readonly weight: string;
  readonly gradient: string;
  readonly kept: readonly string[];
}

/** The new weight, and the new values of what is kept. */
type Formula = (writer: NodeWriter, node: NodeReader, tensors: Tensors) => readonly string[];

/** Lists are one after the other: all weights, all gradients, and so on. */
const optimizer = (kinds: number, formula: Formula): LoweringLater =>
  composite((writer, node) => {
    const [rate = '', count = '', ...lists] = node.node.inputs;
    const size = lists.length / kinds;
    if (!Number.isInteger(size) || node.node.outputs.length !== size * (kinds - 1)) {
      throw node.fail(`has ${lists.length} tensors, which are not ${kinds} for each weight.`);
    }
    for (let i = 0; i < size; i++) {
      const [weight = '', gradient = '', ...kept] = Array.from(
        { length: kinds },
        (_, kind) => lists[kind * size + i] ?? '',
      );
      const made = formula(writer, node, { rate, count, weight, gradient, kept });
      made.forEach((value, kind) => {
        writer.addNamed(node.node.outputs[kind * size + i] ?? '', 'Identity', [value]);
      });
    }
  });

/** The gradient with that of norm_coefficient / 2 times the square of the weight. */
const regularized = (writer: NodeWriter, node: NodeReader, { weight, gradient }: Tensors): string =>
  writer.plus(writer.scaled(weight, node.float('norm_coefficient', 0)), gradient);

const isLater = (writer: NodeWriter, { count }: Tensors): string => writer.isAbove(count, 0);

const adagrad: Formula = (writer, node, tensors) => {
  const { rate, count, weight, kept } = tensors;
  const [sum = ''] = kept;
  const gradient = regularized(writer, node, tensors);
  const decay = writer.shifted(writer.scaled(count, node.float('decay_factor', 0)), 1);
  const squares = writer.plus(sum, writer.times(gradient, gradient));
  const root = writer.shifted(writer.add('Sqrt', [squares]), node.float('epsilon', 1e-6));
  const step = writer.over(writer.times(writer.over(rate, decay), gradient), root);
  return [writer.minus(weight, step), squares];
};

const adam: Formula = (writer, node, tensors) => {
  const { rate, count, weight, kept } = tensors;
  const [mean = '', square = ''] = kept;
  const [alpha, beta] = [node.float('alpha', 0.9), node.float('beta', 0.999)];
  const gradient = regularized(writer, node, tensors);
  const moving = (decay: number, before: string, value: string) =>
    writer.plus(writer.scaled(before, decay), writer.scaled(value, 1 - decay));
  const nextMean = moving(alpha, mean, gradient);
  const nextSquare = moving(beta, square, writer.times(gradient, gradient));
  const left = (decay: number) =>
    writer.minus(writer.number(1), writer.add('Pow', [writer.number(decay), count]));
  const corrected = writer.over(writer.times(rate, writer.add('Sqrt', [left(beta)])), left(alpha));
  const own = writer.where(isLater(writer, tensors), corrected, rate);
  const root = writer.shifted(writer.add('Sqrt', [nextSquare]), node.float('epsilon', 1e-6));
  const next = writer.minus(weight, writer.times(own, writer.over(nextMean, root)));
  return [writer.scaled(next, 1 - node.float('norm_coefficient_post', 0)), nextMean, nextSquare];
};

const momentum: Formula = (writer, node, tensors) => {
  const { rate, weight, kept } = tensors;
  const [velocity = ''] = kept;
  const alpha = node.float('alpha', 0);
  const gradient = regularized(writer, node, tensors);
  const share = writer.where(
    isLater(writer, tensors),
    writer.number(node.float('beta', 0)),
    writer.number(1),
  );
  const next = writer.plus(writer.scaled(velocity, alpha), writer.times(share, gradient));
  const isNesterov = node.text('mode', 'standard') === 'nesterov';
  const step = isNesterov ? writer.plus(gradient, writer.scaled(next, alpha)) : next;
  return [writer.minus(weight, writer.times(rate, step)), next];
};

export const OPTIMIZER_OPS: Readonly<Record<string, LoweringLater>> = {
  Adagrad: optimizer(3, adagrad),
  Adam: optimizer(4, adam),
  Momentum: optimizer(3, momentum),
};
