// Gradients of the losses of classes.

import {
  type ClassWeights,
  writeClassWeights,
  writeSoftmax,
} from '../../graph/lowering/classification-loss.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** The gradient of each place's loss times its weight, (N, 1, D) or one number. */
function perPlace(
  { writer }: BackwardNode,
  { dims: [n, , d], total, reduction }: ClassWeights,
  gradient: string,
): string {
  if (reduction === 'none') return writer.reshape(gradient, [n, 1, d]);
  const single = writer.reshape(gradient, [1, 1, 1]);
  return reduction === 'mean' ? writer.over(single, total()) : single;
}

const noClassGradient = (node: BackwardNode) => () => {
  throw node.fail('has no gradient by the weights of its classes.');
};

const negativeLogLikelihood: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader } = node;
  return [
    () => {
      const own = writeClassWeights(writer, reader);
      const made = writer.times(own.weights, writer.add('Neg', [perPlace(node, own, gradient)]));
      return writer.reshape(made, node.dims(0));
    },
    null,
    noClassGradient(node),
  ];
};

/** softmax * weight of the place - weights; and of the logarithms: gradient - softmax * its sum. */
const softmaxCrossEntropy: Rule = (node, [gradient, byLogarithms]) => {
  if (!gradient && !byLogarithms) return [];
  const { writer, reader, inputs } = node;
  return [
    () => {
      const own = writeClassWeights(writer, reader);
      const scores = writer.reshape(inputs[0] ?? '', own.dims);
      const softmax = writeSoftmax(writer, 'Softmax', scores);
      const through = (x: string) => writer.minus(writer.times(softmax, writer.sum(x, [1])), x);
      const parts = [
        ...(gradient ? [writer.times(through(own.weights), perPlace(node, own, gradient))] : []),
        ...(byLogarithms ? [writer.add('Neg', [through(writer.reshape(byLogarithms, own.dims))])] : []),
      ];
      return writer.reshape(
        parts.reduce((sum, part) => writer.plus(sum, part)),
        node.dims(0),
      );
    },
    null,
    noClassGradient(node),
  ];
};

export const CLASSIFICATION_LOSS: Readonly<Record<string, Rule>> = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
