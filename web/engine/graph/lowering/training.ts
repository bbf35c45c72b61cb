// Lowering of what only training has: layers whose parameters are computed, and the gradients that ONNX has no operators
// for (`autograd/standard-operators.ts`).

import { binary, constant, type Expression, unary } from '../ir/expression.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { lowerConv, lowerConvTranspose, windowPads } from './conv.ts';
import { lowerCrossEntropy, lowerCrossEntropyInParts } from './cross-entropy.ts';
import { emitElementwise, type Lowering, type LoweringLater } from './elementwise.ts';
import type { LearnedWeights } from './learned-weights.ts';
import { lowerMatMul } from './matmul.ts';
import { isByConstant, lowerMatMulByConstant } from './matmul-constant.ts';
import { reshape } from './movement.ts';
import {
  emitInstanceNorm,
  lowerBatchNorm as lowerConstantBatchNorm,
  lowerGroupNorm as lowerConstantGroupNorm,
  lowerInstanceNorm as lowerConstantInstanceNorm,
} from './normalization.ts';
import { defineSpatial } from './spatial.ts';
import { lowerTrainedConv, perChannel } from './training-conv.ts';
import { emitWeightGradient, lowerTrainingGemm, lowerTrainingMatMul } from './training-products.ts';
import { lowerUniformNoise } from './uniform-noise.ts';

const NONE = constant(0);

const sidesOf = ([, , h, w]: readonly [number, number, number, number]): [number, number] => [h, w];

/** A picture in place of a line. */
function asPicture(node: NodeReader, index: number): Value {
  const value = node.value(index);
  const [n = 1, c = 1, w = 1, ...more] = dimsOf(value);
  return more.length > 0 ? value : reshape(node, value, [n, c, 1, w], `${node.output} picture ${index}`);
}

interface Window {
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly before: [number, number];
}

function readWindow(node: NodeReader): Window {
  const line = dimsOf(node.value(0)).length === 3;
  const kernel = node.pair('kernel_shape', line, 1);
  const strides = node.pair('strides', line, 1);
  const dilations = node.pair('dilations', line, 1);
  const sides = sidesOf(node.tensor(0).shape);
  const [top, left] = windowPads(node, sides, { kernel, strides, dilations }, line);
  return { kernel, strides, dilations, before: [top, left] };
}

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

function lowerMaxPoolGradient(node: NodeReader): void {
  const line = dimsOf(node.value(0)).length === 3;
  const inputs = [0, 1].map(i => node.builder.tensor(asPicture(node, i), node.node.inputs[i] ?? ''));
  const [from] = inputs;
  const made = node.builder.emit({
    kind: 'maxPoolGradient',
    reads: 2,
    name: node.node.name,
    inputs,
    output: makeTensor(node.output, from?.dims ?? []),
    epilogue: null,
    ...readWindow(node),
  });
  defineSpatial(node, made, line);
}

/** In inference, with computed scales and shifts. */
function lowerBatchNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const epsilon = constant(node.float('epsilon', 1e-5));
  const parameters = [1, 2, 3, 4].map(i => perChannel(node, i, dims[1] ?? 1, dims.length));
  node.define(
    emitElementwise(
      node,
      dims,
      [node.value(0), ...parameters],
      ([x = NONE, scale = NONE, shift = NONE, mean = NONE, variance = NONE]) => {
        const deviation = unary('sqrt', binary('add', variance, epsilon));
        const even = binary('div', binary('sub', x, mean), deviation);
        return binary('add', binary('mul', even, scale), shift);
      },
    ),
  );
}

const scaleAndShift = ([x = NONE, scale = NONE, shift = NONE]: Expression[]): Expression =>
  binary('add', binary('mul', x, scale), shift);

function lowerInstanceNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...sides] = dims;
  const four = [n, c, productOf(sides.slice(0, -1)), sides.at(-1) ?? 1];
  const even = reshape(node, emitInstanceNorm(node, node.value(0), four), dims, `${node.output} even`);
  const parameters = [1, 2].map(i => perChannel(node, i, c, dims.length));
  node.define(emitElementwise(node, dims, [even, ...parameters], scaleAndShift));
}

/** Scale and shift are per channel; before opset 21 they are per group. */
function lowerGroupNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...sides] = dims;
  const groups = node.int('num_groups', 1);
  const size = productOf(sides);
  const even = emitInstanceNorm(node, node.value(0), [n, groups, c / groups, size]);
  const split = [n, groups, c / groups, size];
  const parameters = [1, 2].map(i => {
    const isOfGroups = productOf(dimsOf(node.value(i))) === groups;
    return reshape(
      node,
      node.value(i),
      [groups, isOfGroups ? 1 : c / groups, 1],
      `${node.output} of groups ${i}`,
    );
  });
  const made = emitElementwise(node, split, [even, ...parameters], scaleAndShift, `${node.output} in groups`);
  node.define(reshape(node, made, dims));
}

/** A layer whose parameters may be computed; if they are constants, it is lowered as in inference. */
const computed =
  (lowering: Lowering, usual: Lowering): Lowering =>
  node => {
    const isComputed = node.node.inputs.some((name, i) => i > 0 && name && !('constant' in node.value(i)));
    (isComputed ? lowering : usual)(node);
  };

/** Operators that few models have, whose lowerings are fetched for those. */
const EXTENDED = [
  'Adagrad',
  'Adam',
  'Cast',
  'Gather',
  'GatherElements',
  'GridSampleGradient',
  'GridSamplePositionGradient',
  'Momentum',
  'NegativeLogLikelihoodLoss',
  'SoftmaxCrossEntropyLoss',
];

const lowerExtended = async (node: NodeReader): Promise<void> =>
  (await import('./training-extended.ts')).TRAINING_EXTENDED[node.node.op]?.(node);

const lowerAnyBatchNorm: LoweringLater = node =>
  node.int('training_mode', 0) === 1
    ? lowerExtended(node)
    : computed(lowerBatchNorm, lowerConstantBatchNorm)(node);

/** Lowerings for training. With `learned`, they are for a backend that packs learned weights after each step
 * (`learned-weights.ts`) and has kernels of its own for losses; else for any. */
export function trainingLowerings(learned: LearnedWeights | null): Readonly<Record<string, LoweringLater>> {
  const lowerLoss = learned ? lowerCrossEntropy : lowerCrossEntropyInParts;
  return {
    ...Object.fromEntries(EXTENDED.map(op => [op, lowerExtended])),
    BatchNormalization: lowerAnyBatchNorm,
    Conv: computed(lowerTrainedConv(learned), lowerConv),
    ConvTranspose: computed(lowerTrainedConv(learned), lowerConvTranspose),
    ConvWeightGradient: lowerConvWeightGradient,
    CrossEntropy: lowerLoss(false),
    CrossEntropyGradient: lowerLoss(true),
    Gemm: lowerTrainingGemm(learned),
    GroupNormalization: computed(lowerGroupNorm, lowerConstantGroupNorm),
    InstanceNormalization: computed(lowerInstanceNorm, lowerConstantInstanceNorm),
    MatMul: lowerTrainingMatMul(learned, node =>
      (isByConstant(node) ? lowerMatMulByConstant : lowerMatMul)(node),
    ),
    MaxPoolGradient: lowerMaxPoolGradient,
    UniformNoise: lowerUniformNoise,
  };
}

export const TRAINING = trainingLowerings(null);
