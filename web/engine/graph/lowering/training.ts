// Lowering of what only training has: layers whose parameters are computed, and the gradients that ONNX has no operators
// for (`autograd/standard-operators.ts`).

import { dimsOf, type NodeReader } from './builder.ts';
import { lowerConv, lowerConvTranspose } from './conv.ts';
import type { LoweringLater } from './elementwise.ts';
import type { LearnedWeights } from './learned-weights.ts';
import { lowerMatMul } from './matmul.ts';
import { isByConstant, lowerMatMulByConstant } from './matmul-constant.ts';
import { reshape } from './movement.ts';
import { computed, lowerTrainedConv } from './training-conv.ts';
import { emitWeightGradient, lowerTrainingGemm, lowerTrainingMatMul } from './training-products.ts';
import { asPicture, readWindow } from './training-window.ts';

function lowerConvWeightGradient(node: NodeReader): void {
  const line = dimsOf(node.value(0)).length === 3;
  const { kernel, ...geometry } = readWindow(node);
  const inputs = [0, 1].map(i => node.builder.tensor(asPicture(node, i), node.node.inputs[i] ?? ''));
  const [from, gradient] = inputs;
  if (!from || !gradient) throw node.fail('needs two inputs.');
  const group = node.int('group', 1);
  const made = emitWeightGradient(node, [from, gradient], kernel, { ...geometry, group }, node.output);
  node.define(line ? reshape(node, made, [gradient.shape[1], from.shape[1] / group, kernel[1]]) : made);
}

/** Operators that few models have, whose lowerings are fetched for those. */
const EXTENDED = [
  'Adagrad',
  'Adam',
  'BatchNormalization',
  'Cast',
  'CrossEntropy',
  'CrossEntropyGradient',
  'Gather',
  'GatherElements',
  'GridSampleGradient',
  'GridSamplePositionGradient',
  'GroupNormalization',
  'InstanceNormalization',
  'MaxPoolGradient',
  'Momentum',
  'NegativeLogLikelihoodLoss',
  'SoftmaxCrossEntropyLoss',
  'UniformNoise',
];

/** Lowerings for training. With `learned`, they are for a backend that packs learned weights after each step
 * (`learned-weights.ts`) and has kernels of its own for losses; else for any. */
export function trainingLowerings(learned: LearnedWeights | null): Readonly<Record<string, LoweringLater>> {
  const lowerExtended = async (node: NodeReader): Promise<void> => {
    const { LOSSES, LOSSES_IN_PARTS, TRAINING_EXTENDED } = await import('./training-extended.ts');
    const lowerings = { ...TRAINING_EXTENDED, ...(learned ? LOSSES : LOSSES_IN_PARTS) };
    await lowerings[node.node.op]?.(node);
  };
  return {
    ...Object.fromEntries(EXTENDED.map(op => [op, lowerExtended])),
    Conv: computed(lowerTrainedConv(learned), lowerConv),
    ConvTranspose: computed(lowerTrainedConv(learned), lowerConvTranspose),
    ConvWeightGradient: lowerConvWeightGradient,
    Gemm: lowerTrainingGemm(learned),
    MatMul: lowerTrainingMatMul(learned, node =>
      (isByConstant(node) ? lowerMatMulByConstant : lowerMatMul)(node),
    ),
  };
}

export const TRAINING = trainingLowerings(null);
