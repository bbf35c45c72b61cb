// Lowering of Conv and ConvTranspose to one operation. A transposed convolution of stride s is s x s plain ones, each
// of a part of the kernel (see Odena et al. 2016). So 4x4 with stride 2 costs 4 products per output and not 16, and
// both share their kernels.

import { bytesOf, constantOf, floats, isInteger } from '../../onnx/constant.ts';
import { type Expression, input, laneMatrix } from '../ir/expression.ts';
import type { ConvAxis, Convolution, Weights } from '../ir/operation.ts';
import { SUBPIXEL_AXIS, sumWeights } from '../ir/subpixel.ts';
import { LANES } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { directAxis, transposedAxis, trimAxis } from './conv-axis.ts';
import { findDoubled, findPadded } from './conv-input.ts';
import { defineSpatial, readSpatialInput, type SpatialInput } from './spatial.ts';

type Pair = [number, number];
export interface Geometry {
  kernel: Pair;
  strides: Pair;
  dilations: Pair;
}

/** How weights are laid out: (out, in per group, kh, kw), or (in, out per group, kh, kw) if transposed. */
interface WeightLayout {
  readonly dims: Weights['dims'];
  readonly transposed: boolean;
  readonly group: number;
}

export function readLayout(node: NodeReader, transposed: boolean, line: boolean): WeightLayout {
  const listed = dimsOf(node.value(1));
  const [a, b, kh, kw] = line ? [...listed.slice(0, 2), 1, ...listed.slice(2)] : listed;
  if (listed.length !== (line ? 3 : 4) || !a || !b || !kh || !kw) {
    throw node.fail(`has weights of ${listed.length} dimensions for ${line ? 'lines' : '2-D pictures'}.`);
  }
  return { dims: [a, b, kh, kw], transposed, group: node.int('group', 1) };
}

/** Reads the weights; throws if they are not constant. Convolutions that share weights get the same arrays, so that a
 * backend uploads them once. */
export function readWeights(node: NodeReader, layout: WeightLayout): Weights {
  const value = node.value(1);
  const key = `${layout.transposed} ${layout.group} ${layout.dims}`;
  const known = node.builder.weights.get(value)?.get(key);
  if (known) return known;
  const made = makeWeights(node, value, layout);
  const all = node.builder.weights.get(value) ?? new Map<string, Weights>();
  node.builder.weights.set(value, all.set(key, made));
  return made;
}

function makeWeights(node: NodeReader, value: Value, { dims, transposed, group }: WeightLayout): Weights {
  const outAxis = transposed ? 1 : 0;
  if (value.kind !== 'constant' && value.kind !== 'quantized') {
    throw node.fail('needs its weights as constants in the file.');
  }
  const { constant } = value;
  const plain = { dims, transposed, sumOf: null, scale: null, zero: null };
  if (value.kind === 'constant') {
    if (constant.type === 'float16') return { ...plain, type: 'float16', bytes: constant.bytes };
    if (constant.type === 'float32') return { ...plain, type: 'float32', bytes: constant.bytes };
    const copy = constantOf(constant.name, dims, node.builder.floats(constant));
    return { ...plain, type: 'float32', bytes: copy.bytes };
  }
  const wide = bytesOf(constant.type) === 2;
  const perOutput = value.scale.length === 1 || (value.axis === outAxis && group === 1);
  if (!perOutput || !isInteger(constant) || bytesOf(constant.type) > 2) {
    const copy = node.constant(1);
    return { ...plain, type: 'float32', bytes: copy.bytes };
  }
  // Signed weights are stored as unsigned ones, with the zero point shifted.
  const offset = !constant.type.startsWith('i') ? 0 : wide ? 32768 : 128;
  const outputs = transposed ? dims[1] * group : dims[0];
  const spread = (values: Float32Array, add: number) =>
    Float32Array.from({ length: outputs }, (_, i) => (values[values.length === 1 ? 0 : i] ?? 0) + add);
  if (offset !== 0) node.builder.spend(constant.bytes.length);
  const bytes = offset === 0 ? constant.bytes : flipSign(constant.bytes, wide ? 2 : 1);
  const scale = spread(value.scale, 0);
  const zero = spread(value.zero, offset);
  return { ...plain, type: wide ? 'uint16' : 'uint8', bytes, scale, zero };
}

/** Adds half the range: flips the top bit of each value. */
function flipSign(bytes: Uint8Array, width: 1 | 2): Uint8Array {
  const flipped = bytes.slice();
  for (let i = width - 1; i < flipped.length; i += width) flipped[i] = (flipped[i] ?? 0) ^ 128;
  return flipped;
}

function readBias(node: NodeReader, outputs: number): Float32Array | null {
  if (!node.has(2)) return null;
  const bias = node.floats(2);
  if (bias.length !== outputs) {
    throw node.fail(`has ${bias.length} biases for ${outputs} output channels.`);
  }
  return bias;
}

export function readGeometry(node: NodeReader, { dims }: Pick<Weights, 'dims'>, line: boolean): Geometry {
  const kernel: Pair = [dims[2], dims[3]];
  const claimed = node.ints('kernel_shape') ? node.pair('kernel_shape', line, 1) : kernel;
  if (claimed[0] !== kernel[0] || claimed[1] !== kernel[1]) {
    throw node.fail(`claims kernel_shape [${claimed.join(', ')}] for weights of ${kernel.join(' x ')}.`);
  }
  return { kernel, strides: node.pair('strides', line, 1), dilations: node.pair('dilations', line, 1) };
}

export const extent = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

function readPads(node: NodeReader, line: boolean): [number, number, number, number] {
  const pads = node.ints('pads') ?? (line ? [0, 0] : [0, 0, 0, 0]);
  const [first = 0, second = 0, third = 0, fourth = 0] = pads;
  const [top, left, bottom, right] = line ? [0, first, 0, second] : [first, second, third, fourth];
  if (pads.length !== (line ? 2 : 4) || Math.min(...pads) < 0 || Math.max(...pads) > 4096) {
    throw node.fail(`has the impossible pads [${pads.slice(0, 8).join(', ')}].`);
  }
  return [top, left, bottom, right];
}

/** Pads of a sliding window, [top, left, bottom, right] as in ONNX. */
export function windowPads(
  node: NodeReader,
  size: readonly [number, number],
  { kernel, strides, dilations }: Geometry,
  line: boolean,
): [number, number, number, number] {
  const auto = node.text('auto_pad', 'NOTSET');
  if (auto === 'NOTSET') return readPads(node, line);
  if (auto === 'VALID') return [0, 0, 0, 0];
  const total = ([0, 1] as const).map(i => {
    const out = Math.ceil(size[i] / strides[i]);
    return Math.max(0, (out - 1) * strides[i] + extent(kernel[i], dilations[i]) - size[i]);
  });
  const [y = 0, x = 0] = total;
  const small = [Math.floor(y / 2), Math.floor(x / 2)] as const;
  return auto === 'SAME_LOWER'
    ? [y - small[0], x - small[1], small[0], small[1]]
    : [small[0], small[1], y - small[0], x - small[1]];
}

/** One axis, and the outputs along it. */
interface SizedAxis {
  readonly axis: ConvAxis;
  readonly out: number;
}

type ConvNode = SpatialInput &
  Geometry &
  Pick<Convolution, 'weights' | 'bias' | 'group' | 'padding'> & { readonly outputs: number };

function readConv(node: NodeReader, transposed: boolean): ConvNode {
  const picture = readSpatialInput(node);
  const [, channels] = picture.tensor.shape;
  const group = node.int('group', 1);
  const weights = readWeights(node, readLayout(node, transposed, picture.line));
  const [first, second] = weights.dims;
  const [inputs, outputs] = transposed ? [first, second * group] : [second * group, first];
  if (group < 1 || inputs !== channels || first % group !== 0) {
    throw node.fail(`has weights for ${inputs} channels, but its input has ${channels}.`);
  }
  const shape = readGeometry(node, weights, picture.line);
  return { ...picture, ...shape, weights, group, outputs, bias: readBias(node, outputs), padding: 'zero' };
}

function emitConv(
  node: NodeReader,
  { tensor, line, outputs, ...conv }: ConvNode,
  sized: (i: 0 | 1) => SizedAxis,
  epilogue: Expression | null = null,
): void {
  const [{ axis: y, out: height }, { axis: x, out: width }] = [sized(0), sized(1)];
  const output = node.outputTensor([tensor.shape[0], outputs, height, width]);
  const common = { name: node.node.name, inputs: [tensor], output };
  const { weights, bias, group, padding } = conv;
  const made = node.builder.emit(
    epilogue
      ? { kind: 'elementwise', ...common, epilogue }
      : { kind: 'convolution', ...common, weights, bias, group, y, x, padding, epilogue, prologue: null },
  );
  defineSpatial(node, made, line);
}

export function lowerConv(node: NodeReader): void {
  const conv = readConv(node, false);
  const { line, kernel, strides, dilations, weights, group } = conv;
  const [, , height, width] = conv.tensor.shape;
  const own = windowPads(node, [height, width], conv, line);
  const padded = own.some(pad => pad > 0) ? null : findPadded(node, conv.tensor);
  const { tensor, pads, padding } = padded ?? { ...conv, pads: own };
  const isCentred = `${[kernel, strides, dilations, pads, group]}` === '3,3,1,1,1,1,1,1,1,1,1';
  const small = isCentred ? findDoubled(node, tensor) : null;
  const sized = (i: 0 | 1): SizedAxis => {
    const size = tensor.shape[i === 0 ? 2 : 3];
    const padded = pads[i] + size + pads[i === 0 ? 2 : 3];
    const out = Math.floor((padded - extent(kernel[i], dilations[i])) / strides[i]) + 1;
    if (out < 1) throw node.fail('has a kernel that is larger than its padded input.');
    const axis = directAxis(kernel[i], strides[i], dilations[i], pads[i]);
    return { out, axis: small ? SUBPIXEL_AXIS : padding === 'edge' ? axis : trimAxis(axis, size, out) };
  };
  const folded = {
    ...conv,
    tensor: small ?? tensor,
    weights: small ? sumWeights(weights) : weights,
    padding,
  };
  emitConv(node, folded, sized, pointwiseExpression(conv, pads));
}

/** A 1x1 convolution between at most four channels, as a matrix over the lanes of one block. */
function pointwiseExpression(
  { weights, bias, group, kernel, strides }: ConvNode,
  pads: readonly number[],
): Expression | null {
  const [outputs, channels] = weights.dims;
  const single = kernel.every(k => k === 1) && strides.every(s => s === 1) && pads.every(p => p === 0);
  if (
    !single ||
    group !== 1 ||
    outputs > LANES ||
    channels > LANES ||
    weights.scale ||
    weights.type !== 'float32'
  ) {
    return null;
  }
  const values = floats(weights);
  const rows = Array.from({ length: 16 }, (_, i) => {
    const [row, column] = [i >> 2, i & 3];
    return row < outputs && column < channels ? (values[row * channels + column] ?? 0) : 0;
  });
  return laneMatrix(
    rows,
    [0, 1, 2, 3].map(i => bias?.[i] ?? 0),
    input(0),
  );
}

export function lowerConvTranspose(node: NodeReader): void {
  const conv = readConv(node, true);
  const { tensor, line, kernel, strides, dilations } = conv;
  const grown = node.pair('output_padding', line, 0, 0);
  emitConv(node, conv, i => {
    const size = tensor.shape[i === 0 ? 2 : 3];
    const full = strides[i] * (size - 1) + grown[i] + extent(kernel[i], dilations[i]);
    const { out, before } = transposedSize(node, i, line, size, full, strides[i]);
    if (out < 1) throw node.fail('has pads that leave nothing of its output.');
    const axis = transposedAxis(kernel[i], strides[i], dilations[i], before);
    return { out, axis: trimAxis(axis, size, out) };
  });
}

/** Output size and the pad before it. Either the pads decide the size, or a requested size decides the pads. */
export function transposedSize(
  node: NodeReader,
  i: 0 | 1,
  line: boolean,
  size: number,
  full: number,
  stride: number,
): { out: number; before: number } {
  const auto = node.text('auto_pad', 'NOTSET');
  const asked = node.ints('output_shape')?.at(i - 2) ?? (auto.startsWith('SAME') ? size * stride : undefined);
  if (asked !== undefined) {
    const total = Math.max(0, full - asked);
    return {
      out: asked,
      before: auto === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2),
    };
  }
  const pads = readPads(node, line);
  const [before, after] = [pads[i], pads[i + 2] ?? 0];
  return { out: full - before - after, before };
}
