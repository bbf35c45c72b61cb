// Lowering of normalizations. The pixels of each channel have their own operation. The other normalizations are views
// of such pictures, or reductions and element-wise operations; `passes/normalization.ts` fuses them.

import { constantOf } from '../../onnx/constant.ts';
import { binary, constant, type Expression, unary, VALUE } from '../ir/expression.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { emitPointwise } from './conv-pointwise.ts';
import { emitElementwise } from './elementwise.ts';
import { reshape } from './movement.ts';
import { emitPart, lowerReduction } from './reduce.ts';

const NONE = constant(0);

/** A constant of numbers per channel that broadcasts over pictures of that rank. */
function channelConstant(node: NodeReader, values: Float32Array, rank: number): Value {
  const dims = [values.length, ...Array(Math.max(0, rank - 2)).fill(1)];
  return { kind: 'constant', constant: constantOf(`${node.output} per channel`, dims, values) };
}

/** In inference: a scale and a shift per channel. The passes fold them into the convolution before. Before opset 9 they
 * may be per element instead. */
export function lowerBatchNorm(node: NodeReader): void {
  if (node.int('training_mode', 0) === 1) {
    throw node.fail('is in training mode; export the model for inference.');
  }
  const value = node.value(0);
  const dims = dimsOf(value);
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map(i => node.floats(i));
  const perElement = node.int('spatial', 1) === 0;
  const count = perElement ? productOf(dims.slice(1)) : dims[1];
  const fits = [scale, shift, mean, variance].every(values => values?.length === count);
  if (dims.length < 2 || !scale || !shift || !mean || !variance || !fits) {
    throw node.fail(`needs four numbers for each of ${count} ${perElement ? 'elements' : 'channels'}.`);
  }
  const epsilon = node.float('epsilon', 1e-5);
  const factor = scale.map((s, i) => s / Math.sqrt((variance[i] ?? 0) + epsilon));
  const offset = shift.map((b, i) => b - (mean[i] ?? 0) * (factor[i] ?? 0));
  const constants = [factor, offset].map(values =>
    perElement
      ? ({
          kind: 'constant',
          constant: constantOf(`${node.output} per element`, dims.slice(1), values),
        } as const)
      : channelConstant(node, values, dims.length),
  );
  node.define(emitElementwise(node, dims, [value, ...constants], scaleAndShift));
}

const scaleAndShift = ([x = NONE, factor = NONE, offset = NONE]: Expression[]): Expression =>
  binary('add', binary('mul', x, factor), offset);

/** Normalizes each channel to mean 0 and deviation 1. */
export function emitInstanceNorm(
  node: NodeReader,
  value: Value,
  dims: readonly number[],
  epilogue: Expression | null = null,
): Value {
  const picture = reshape(node, value, dims, `${node.output} as a picture`);
  const epsilon = constant(node.float('epsilon', 1e-5));
  return node.builder.emit({
    kind: 'normalization',
    name: node.node.name,
    inputs: [node.builder.tensor(picture, node.output)],
    output: makeTensor(`${node.output} normalized`, dims),
    epilogue,
    channels: 1,
    axes: [true, true],
    inverse: unary('reciprocal', unary('sqrt', binary('add', VALUE, epsilon))),
  });
}

export function lowerInstanceNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [scale, shift] = [node.floats(1), node.floats(2)];
  const [n = 1, c = 1, ...sides] = dims;
  if (sides.length === 0 || scale.length !== c || shift.length !== c) {
    throw node.fail(`needs a scale and a shift for each of ${c} channels of a picture.`);
  }
  const four = [n, c, productOf(sides.slice(0, -1)), sides.at(-1) ?? 1];
  const isPlain = scale.every(factor => factor === 1) && shift.every(offset => offset === 0);
  const perChannel = [scale, shift].map((values): Expression => ({ kind: 'perChannel', values }));
  const scaled = isPlain ? null : scaleAndShift([VALUE, ...perChannel]);
  node.define(reshape(node, emitInstanceNorm(node, node.value(0), four, scaled), dims));
}

/** Scale and shift are per channel; before opset 21 they are per group. */
export function lowerGroupNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...sides] = dims;
  const groups = node.int('num_groups', 1);
  const given = [node.floats(1), node.floats(2)];
  const each = c / groups;
  const known = given.every(({ length }) => length === c || length === groups);
  if (sides.length === 0 || groups < 1 || !Number.isInteger(each) || !known) {
    throw node.fail(`cannot make ${groups} groups of ${c} channels with the scales that it has.`);
  }
  const four = [n, groups, each * productOf(sides.slice(0, -1)), sides.at(-1) ?? 1];
  const even = emitInstanceNorm(node, node.value(0), four);
  const back = reshape(node, even, dims, `${node.output} in channels`);
  const constants = given.map(values => {
    const spread = Float32Array.from(
      { length: c },
      (_, i) => values[values.length === c ? i : Math.floor(i / each)] ?? 0,
    );
    return channelConstant(node, spread, dims.length);
  });
  node.define(emitElementwise(node, dims, [back, ...constants], scaleAndShift));
}

const scaledBy =
  (factor: number) =>
  ([x = NONE]: Expression[]) =>
    binary('mul', x, constant(factor));

/** Normalizes over the axis and all after it. Mean and 1 / deviation are outputs too. */
export function lowerLayerNorm(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const first = node.axis(node.int('axis', -1), dims.length);
  const axes = dims.flatMap((_, i) => (i < first ? [] : [i]));
  const share = 1 / productOf(dims.slice(first));
  const epsilon = constant(node.float('epsilon', 1e-5));
  const sum = lowerReduction(node, value, axes, 'sum', `${node.output} sum`);
  const mean = emitPart(node, 'mean', [sum], scaledBy(share));
  const apart = emitPart(node, 'apart', [value, mean], ([x = NONE, m = NONE]) => binary('sub', x, m));
  const squares = emitPart(node, 'squares', [apart], ([x = NONE]) => binary('mul', x, x));
  const total = lowerReduction(node, squares, axes, 'sum', `${node.output} squares' sum`);
  const inverse = emitPart(node, 'inverse', [total], ([x = NONE]) =>
    unary('reciprocal', unary('sqrt', binary('add', binary('mul', x, constant(share)), epsilon))),
  );
  const [, meanName, inverseName] = node.node.outputs;
  if (meanName) node.builder.define(meanName, mean);
  if (inverseName) node.builder.define(inverseName, inverse);
  const weighed = node.has(2) ? [node.value(1), node.value(2)] : [node.value(1)];
  node.define(
    emitElementwise(
      node,
      dims,
      [apart, inverse, ...weighed],
      ([x = NONE, i = NONE, scale = NONE, shift = NONE]) =>
        binary('add', binary('mul', binary('mul', x, i), scale), shift),
    ),
  );
}

/** Divides each value by a power of its neighbours' sum of squares. A 1x1 convolution adds those up. */
export function lowerLocalResponse(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const [size, channels] = [node.int('size', 1), dims[1] ?? 0];
  if (dims.length !== 4 || size < 1)
    throw node.fail(`has no 2-D picture as its input, or a size of ${size}.`);
  node.builder.spend(4 * channels * channels);
  const near = new Float32Array(channels * channels);
  const below = Math.floor((size - 1) / 2);
  for (let c = 0; c < channels; c++) {
    const last = Math.min(channels, c - below + size);
    near.fill(1, c * channels + Math.max(0, c - below), c * channels + last);
  }
  const squares = emitPart(node, 'squares', [value], ([x = NONE]) => binary('mul', x, x));
  const weights = {
    type: 'float32',
    bytes: new Uint8Array(near.buffer),
    dims: [channels, channels, 1, 1],
    transposed: false,
    sumOf: null,
    scale: null,
    zero: null,
  } as const;
  const tensor = node.builder.tensor(squares, node.output);
  const sums = emitPointwise(node, tensor, weights, `${node.output} sums`);
  const share = constant(node.float('alpha', 1e-4) / size);
  const [bias, power] = [constant(node.float('bias', 1)), constant(node.float('beta', 0.75))];
  node.define(
    emitElementwise(node, dims, [value, sums], ([x = NONE, sum = NONE]) =>
      binary('div', x, binary('pow', binary('add', bias, binary('mul', share, sum)), power)),
    ),
  );
}
