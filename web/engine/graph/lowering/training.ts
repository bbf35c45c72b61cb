// Lowering of what only training has: layers whose parameters are computed, and the gradients that ONNX has no operators
// for (`autograd/standard-operators.ts`).

import { binary, constant, type Expression, unary } from '../ir/expression.ts';
import { productOf } from '../ir/strides.ts';
import { LANES, makeTensor, paddedLength, type Shape, type Tensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import {
  extent,
  lowerConv,
  lowerConvTranspose,
  readGeometry,
  readLayout,
  transposedSize,
  windowPads,
} from './conv.ts';
import { emitElementwise, type Lowering, type LoweringLater } from './elementwise.ts';
import { reshape } from './movement.ts';
import {
  emitInstanceNorm,
  lowerBatchNorm as lowerConstantBatchNorm,
  lowerGroupNorm as lowerConstantGroupNorm,
  lowerInstanceNorm as lowerConstantInstanceNorm,
} from './normalization.ts';
import { defineSpatial, readSpatialInput } from './spatial.ts';
import { lowerUniformNoise } from './uniform-noise.ts';

const NONE = constant(0);

/** An input of one number per channel, in a shape that broadcasts over pictures of that rank. */
function perChannel(node: NodeReader, index: number, channels: number, rank: number): Value {
  const dims = [channels, ...Array(Math.max(0, rank - 2)).fill(1)];
  return reshape(node, node.value(index), dims, `${node.output} per channel ${index}`);
}

function lowerComputedConv(node: NodeReader): void {
  const transposed = node.node.op === 'ConvTranspose';
  const picture = readSpatialInput(node);
  const layout = readLayout(node, transposed, picture.line);
  const { dims, group } = layout;
  const [, channels] = picture.tensor.shape;
  const [inputs, outputs] = transposed ? [dims[0], dims[1] * group] : [dims[1] * group, dims[0]];
  if (group < 1 || inputs !== channels || dims[0] % group !== 0) {
    throw node.fail(`has weights for ${inputs} channels, but its input has ${channels}.`);
  }
  const { kernel, strides, dilations } = readGeometry(node, layout, picture.line);
  const [, , height, width] = picture.tensor.shape;
  const grown = transposed ? node.pair('output_padding', picture.line, 0, 0) : [0, 0];
  const pads = transposed
    ? null
    : windowPads(node, [height, width], { kernel, strides, dilations }, picture.line);
  const [y, x] = ([0, 1] as const).map(i => {
    const [size, reach] = [i === 0 ? height : width, extent(kernel[i], dilations[i])];
    if (!pads) {
      const full = strides[i] * (size - 1) + (grown[i] ?? 0) + reach;
      return transposedSize(node, i, picture.line, size, full, strides[i]);
    }
    const padded = pads[i] + size + pads[i === 0 ? 2 : 3];
    return { out: Math.floor((padded - reach) / strides[i]) + 1, before: pads[i] };
  });
  if (!y || !x || y.out < 1 || x.out < 1)
    throw node.fail('has a kernel and pads that leave nothing of its output.');
  const weights = reshape(node, node.value(1), dims, `${node.output} weights`);
  const name = node.has(2) ? `${node.output} without bias` : node.output;
  const made = node.builder.emit({
    kind: 'computedConvolution',
    reads: 2,
    name: node.node.name,
    inputs: [picture.tensor, node.builder.tensor(weights, node.node.inputs[1] ?? '')],
    output: makeTensor(name, [picture.tensor.shape[0], outputs, y.out, x.out]),
    epilogue: null,
    transposed,
    group,
    strides,
    dilations,
    before: [y.before, x.before],
  });
  if (!node.has(2)) {
    defineSpatial(node, made, picture.line);
    return;
  }
  const biased = emitElementwise(
    node,
    dimsOf(made),
    [made, perChannel(node, 2, outputs, 4)],
    ([value = NONE, bias = NONE]) => binary('add', value, bias),
    picture.line ? `${node.output} as a picture of it` : node.output,
  );
  defineSpatial(node, biased, picture.line);
}

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

/** Threads that a GPU should have at once, and products that a thread should have. */
const MIN_THREADS = 2 ** 14;
const MIN_PRODUCTS = 64;

/** Into how many parts the rows of a gradient are split. The order of a sum does not depend on the machine. */
function countParts(weights: Tensor, [n, , rows, columns]: Shape): number {
  const threads = paddedLength(weights) / LANES;
  const wanted = Math.min(MIN_THREADS / threads, (n * rows * columns) / MIN_PRODUCTS);
  return Math.max(1, Math.min(Math.floor(wanted), n * rows));
}

function lowerConvWeightGradient(node: NodeReader): void {
  const line = dimsOf(node.value(0)).length === 3;
  const { kernel, ...geometry } = readWindow(node);
  const inputs = [0, 1].map(i => node.builder.tensor(asPicture(node, i), node.node.inputs[i] ?? ''));
  const [from, gradient] = inputs;
  if (!from || !gradient) throw node.fail('needs two inputs.');
  const group = node.int('group', 1);
  const outputs = gradient.shape[1];
  const dims = [outputs, from.shape[1] / group, ...kernel];
  const output = makeTensor(node.output, dims);
  const parts = countParts(output, gradient.shape);
  const { name } = node.node;
  const split =
    parts > 1 ? makeTensor(`${node.output} in parts`, [parts * outputs, ...dims.slice(1)]) : output;
  const fields = {
    kind: 'convWeightGradient',
    reads: 2,
    name,
    inputs,
    output: split,
    epilogue: null,
  } as const;
  const made = node.builder.emit({ ...fields, group, parts, ...geometry });
  const sum =
    parts > 1
      ? node.builder.emit({ kind: 'sumOfParts', name, inputs: [split], output, epilogue: null, parts })
      : made;
  node.define(line ? reshape(node, sum, [...dims.slice(0, 2), kernel[1]]) : sum);
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

export const TRAINING: Readonly<Record<string, LoweringLater>> = {
  ...Object.fromEntries(EXTENDED.map(op => [op, lowerExtended])),
  BatchNormalization: lowerAnyBatchNorm,
  Conv: computed(lowerComputedConv, lowerConv),
  ConvTranspose: computed(lowerComputedConv, lowerConvTranspose),
  ConvWeightGradient: lowerConvWeightGradient,
  GroupNormalization: computed(lowerGroupNorm, lowerConstantGroupNorm),
  InstanceNormalization: computed(lowerInstanceNorm, lowerConstantInstanceNorm),
  MaxPoolGradient: lowerMaxPoolGradient,
  UniformNoise: lowerUniformNoise,
};
