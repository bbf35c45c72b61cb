// Lowerings for training that few models need: losses of classes, norms, pooling, random numbers, optimizers that the file
// has as operators, and what is sampled or gathered by computed numbers. Fetched when a model has one.

import { makeTensor } from '../ir/tensor.ts';
import { dimsOf } from './builder.ts';
import { CLASSIFICATION_LOSSES } from './classification-loss.ts';
import { composite } from './composite.ts';
import { lowerCrossEntropy, lowerCrossEntropyInParts } from './cross-entropy.ts';
import type { Lowering, LoweringLater } from './elementwise.ts';
import { lowerAnyGather, lowerGatherElements } from './gather-computed.ts';
import { readSampling } from './grid-sample.ts';
import { OPTIMIZER_OPS } from './optimizer-ops.ts';
import { lowerAnyCast } from './shape-ops.ts';
import { writeBatchNormInTraining } from './training-batch-norm.ts';
import { NORMALIZATIONS } from './training-normalization.ts';
import { lowerMaxPoolGradient } from './training-pool.ts';
import { lowerUniformNoise } from './uniform-noise.ts';

/** The new running statistics are further outputs. */
const lowerBatchNormInTraining = composite((writer, node) => {
  const { mean, variance } = writeBatchNormInTraining(writer, node, false);
  const [, nextMean, nextVariance] = node.node.outputs;
  if (nextMean) writer.addNamed(nextMean, 'Identity', [mean]);
  if (nextVariance) writer.addNamed(nextVariance, 'Identity', [variance]);
});

const lowerBatchNorm: LoweringLater = node =>
  (node.int('training_mode', 0) === 1 ? lowerBatchNormInTraining : NORMALIZATIONS.BatchNormalization)(node);

const lowerGridSampleGradient: Lowering = node => {
  const inputs = [node.tensor(0), node.tensor(1)];
  const output = makeTensor(node.output, node.ints('input_shape') ?? []);
  const fields = { name: node.node.name, inputs, output, epilogue: null, ...readSampling(node) };
  node.define(node.builder.emit({ kind: 'gridSampleGradient', reads: 2, ...fields }));
};

const lowerGridSamplePositionGradient: Lowering = node => {
  const inputs = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const output = makeTensor(node.output, dimsOf(node.value(1)));
  const fields = { name: node.node.name, inputs, output, epilogue: null, ...readSampling(node) };
  node.define(node.builder.emit({ kind: 'gridSamplePositionGradient', reads: 3, ...fields }));
};

/** Numbers of int32 and int64. */
const INTEGERS = [6, 7];

/** A computed float without its fraction. Integers that are computed are floats too. */
const truncated = composite((writer, node) => {
  const [x = ''] = node.node.inputs;
  const size = writer.add('Floor', [writer.add('Abs', [x])]);
  writer.addNamed(node.output, 'Mul', [writer.add('Sign', [x]), size]);
});

const lowerCast: LoweringLater = node => {
  const isComputed = !('constant' in node.value(0)) && INTEGERS.includes(node.int('to', 1));
  (isComputed ? truncated : lowerAnyCast)(node);
};

export const TRAINING_EXTENDED: Readonly<Record<string, LoweringLater>> = {
  ...CLASSIFICATION_LOSSES,
  ...OPTIMIZER_OPS,
  ...NORMALIZATIONS,
  BatchNormalization: lowerBatchNorm,
  Cast: lowerCast,
  Gather: lowerAnyGather,
  GatherElements: lowerGatherElements,
  GridSampleGradient: lowerGridSampleGradient,
  GridSamplePositionGradient: lowerGridSamplePositionGradient,
  MaxPoolGradient: lowerMaxPoolGradient,
  UniformNoise: lowerUniformNoise,
};

/** As one operation each. */
export const LOSSES: Readonly<Record<string, Lowering>> = {
  CrossEntropy: lowerCrossEntropy(false),
  CrossEntropyGradient: lowerCrossEntropy(true),
};

/** In operations that every backend has. */
export const LOSSES_IN_PARTS: Readonly<Record<string, Lowering>> = {
  CrossEntropy: lowerCrossEntropyInParts(false),
  CrossEntropyGradient: lowerCrossEntropyInParts(true),
};
