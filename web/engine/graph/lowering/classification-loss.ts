// Losses of classes, as ONNX has them: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss. Scores are (N, C, ...) and
// targets are numbers of classes (N, ...), as floats if they are computed.

import { int, type NodeWriter } from '../../onnx/node-writer.ts';
import { productOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader } from './builder.ts';
import { composite } from './composite.ts';
import type { LoweringLater } from './elementwise.ts';

export type Reduction = 'none' | 'mean' | 'sum';

/** What the losses and their gradients share. All places of an image are one axis: (N, C, D). */
export interface ClassWeights {
  readonly dims: readonly [n: number, c: number, d: number];
  /** The weight of the class in a place, at the class of the target; zeros elsewhere. */
  readonly weights: string;
  /** The sum of the weights, of shape [1, 1, 1]: what `mean` divides by. */
  readonly total: () => string;
  readonly reduction: Reduction;
}

const NO_CLASS = -(2 ** 31);

export function writeClassWeights(writer: NodeWriter, node: NodeReader): ClassWeights {
  const [n = 1, c = 1, ...places] = dimsOf(node.value(0));
  const d = productOf(places);
  const [, target = '', given = ''] = node.node.inputs;
  const classes = writer.floats(
    Float32Array.from({ length: c }, (_, i) => i),
    [1, c, 1],
  );
  const targets = writer.reshape(target, [n, 1, d]);
  const ignored = node.int('ignore_index', NO_CLASS);
  const isClass = writer.add('Equal', [asFloats(writer, targets), classes]);
  const weight = given ? writer.reshape(given, [1, c, 1]) : writer.number(1);
  // Where the target is to be ignored, all classes have the weight 0.
  const own = ignored >= 0 && ignored < c ? writer.times(weight, without(writer, c, ignored)) : weight;
  const weights = writer.where(isClass, own, writer.number(0));
  const reduction = node.text('reduction', 'mean');
  if (reduction !== 'none' && reduction !== 'mean' && reduction !== 'sum') {
    throw node.fail(`reduces by '${reduction}', which ONNX does not have.`);
  }
  return { dims: [n, c, d], weights, total: () => writer.sum(weights, [0, 1, 2]), reduction };
}

/** Along the classes of (N, C, D). Before opset 13 the operators take all axes from theirs on, so it must be the last. */
export function writeSoftmax(writer: NodeWriter, op: 'LogSoftmax' | 'Softmax', scores: string): string {
  const turn = (x: string) => writer.transpose(x, [0, 2, 1]);
  return turn(writer.add(op, [turn(scores)], { axis: int(2) }));
}

/** Constant targets are integers. */
const asFloats = (writer: NodeWriter, x: string): string => writer.add('Cast', [x], { to: int(1) });

/** Ones, but for one class. */
const without = (writer: NodeWriter, c: number, index: number): string =>
  writer.floats(
    Float32Array.from({ length: c }, (_, i) => (i === index ? 0 : 1)),
    [1, c, 1],
  );

/** The loss, of logarithms of probabilities (N, C, D). */
function writeLoss(writer: NodeWriter, node: NodeReader, logarithms: string): void {
  const { weights, total, reduction } = writeClassWeights(writer, node);
  const zero = writer.number(0);
  // A probability of 0 has an infinite logarithm, which counts in the class of the target alone.
  const isNone = writer.add('Equal', [weights, zero]);
  const products = writer.where(isNone, zero, writer.times(weights, logarithms));
  const losses = writer.add('Neg', [writer.sum(products, [1])]);
  const [n, , ...places] = dimsOf(node.value(0));
  const sum = () => writer.sum(losses, [0, 1, 2]);
  const made = { none: () => losses, sum, mean: () => writer.over(sum(), total()) }[reduction]();
  const shape = reduction === 'none' ? [n ?? 1, ...places] : [];
  writer.addNamed(node.output, 'Reshape', [made, writer.integers(shape)]);
}

const negativeLogLikelihood = composite((writer, node) => {
  const [n = 1, c = 1, ...places] = dimsOf(node.value(0));
  const d = productOf(places);
  writeLoss(writer, node, writer.reshape(node.node.inputs[0] ?? '', [n, c, d]));
});

/** Its second output is the logarithms of the probabilities, in the shape of the scores. */
const softmaxCrossEntropy = composite((writer, node) => {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...places] = dims;
  const d = productOf(places);
  const scores = writer.reshape(node.node.inputs[0] ?? '', [n, c, d]);
  const logarithms = writeSoftmax(writer, 'LogSoftmax', scores);
  writeLoss(writer, node, logarithms);
  const [, second] = node.node.outputs;
  if (second) writer.addNamed(second, 'Reshape', [logarithms, writer.integers(dims)]);
});

export const CLASSIFICATION_LOSSES: Readonly<Record<string, LoweringLater>> = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
