// Lowering of nodes that move elements. Constants are moved at load.
//
// Most of the nodes are views (`ir/operation.ts`): dimensions to count through, and their strides.

import { bytesOf, type Constant, elements, sizeOf } from '../../onnx/constant.ts';
import { type Expression, input, laneMatrix } from '../ir/expression.ts';
import type { IndexMap, View } from '../ir/operation.ts';
import { productOf, stridesOf } from '../ir/strides.ts';
import { LANES, makeTensor, type Shape, sameShape, shapeOf, type Tensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';

function emitMovement(node: NodeReader, tensor: Tensor, output: Tensor, map: IndexMap): Value {
  const common = { name: node.node.name, inputs: [tensor], output, epilogue: null };
  return node.builder.emit({ kind: 'movement', ...common, map });
}

/** The value seen through `view`, with other dimensions and a name. */
export function applyView(
  node: NodeReader,
  value: Value,
  dims: readonly number[],
  view: View,
  name: string = node.output,
): Value {
  if (value.kind === 'tensor') {
    return emitMovement(node, value.tensor, makeTensor(name, dims), { kind: 'view', ...view });
  }
  if (value.kind === 'scalar') return { ...value, dims };
  const constant = value.kind === 'quantized' ? node.builder.dequantize(value) : value.constant;
  node.builder.spend(productOf(dims) * bytesOf(constant.type));
  return { kind: 'constant', constant: viewConstant(constant, dims, view) };
}

function viewConstant(constant: Constant, dims: readonly number[], view: View): Constant {
  const from = elements(constant);
  const bytes = new Uint8Array(productOf(dims) * bytesOf(constant.type));
  const to = elements({ ...constant, bytes });
  const at = view.dims.map(() => 0);
  const last = view.dims.length - 1;
  const [length, stride] = [view.dims[last] ?? 1, view.strides[last] ?? 0];
  let position = view.start;
  for (let i = 0; i < to.length; i += length) {
    for (let k = 0; k < length; k++) to[i + k] = from[position + k * stride] ?? 0;
    // On to the next row: count the axes before the last like an odometer.
    for (let axis = last - 1; axis >= 0; axis--) {
      const [dim, step, turned] = [view.dims[axis] ?? 1, view.strides[axis] ?? 0, (at[axis] ?? 0) + 1];
      position += step;
      at[axis] = turned;
      if (turned < dim) break;
      position -= dim * step;
      at[axis] = 0;
    }
  }
  return { ...constant, dims, bytes };
}

/** The same elements in the same order under other dimensions. */
export function reshape(
  node: NodeReader,
  value: Value,
  dims: readonly number[],
  name: string = node.output,
): Value {
  const before = dimsOf(value);
  const size = sizeOf(before, name);
  if (size !== sizeOf(dims, name)) {
    throw node.fail(`cannot give [${before.join(', ')}] the shape [${dims.join(', ')}].`);
  }
  if (before.length === dims.length && before.every((dim, i) => dim === dims[i])) return value;
  if (value.kind === 'scalar') return { ...value, dims };
  if (value.kind === 'constant') return { kind: 'constant', constant: { ...value.constant, dims } };
  if (value.kind === 'quantized') {
    const constant = node.builder.dequantize(value);
    return { kind: 'constant', constant: { ...constant, dims } };
  }
  const output = makeTensor(name, dims);
  if (!sameShape(value.tensor.shape, output.shape)) {
    return applyView(node, value, dims, { dims: [size], strides: [1], start: 0 }, name);
  }
  // The same four dimensions: an element-wise copy, which is fused where possible.
  const common = { name: node.node.name, inputs: [value.tensor], output };
  return node.builder.emit({ kind: 'elementwise', ...common, epilogue: input(0) });
}

export function lowerTranspose(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const order = node.ints('perm') ?? dims.map((_, i) => dims.length - 1 - i);
  if (order.length !== dims.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    throw node.fail(`has the impossible perm [${order.join(', ')}].`);
  }
  const after = order.map(axis => dims[axis] ?? 1);
  const strides = stridesOf(dims);
  const view = { dims: after, strides: order.map(axis => strides[axis] ?? 0), start: 0 };
  if (value.kind !== 'quantized') {
    node.define(applyView(node, value, after, view));
    return;
  }
  // Quantized values stay quantized.
  const turned = applyView(node, { kind: 'constant', constant: value.constant }, after, view);
  if (turned.kind !== 'constant') throw node.fail('transposes what is no constant.');
  node.define({ ...value, constant: turned.constant, axis: order.indexOf(value.axis) });
}

/** The values padded to four with `fill`. Null if a value that does not fit is not `fill`. */
function toFour(values: readonly number[], fill: number): Shape | null {
  const [n, c, h, w] = [fill, fill, fill, fill, ...values].slice(-4);
  if (n === undefined || c === undefined || h === undefined || w === undefined) return null;
  return values.slice(0, -4).every(value => value === fill) ? [n, c, h, w] : null;
}

/** Emits a slice: elements start, start + step, ... along each axis. */
export function emitSlice(
  node: NodeReader,
  name: string,
  starts: readonly number[],
  steps: readonly number[],
  dims: readonly number[],
): Value {
  const value = node.value(0);
  if (value.kind === 'tensor' && value.tensor.dims.length <= 4) {
    const epilogue = channelSelection(value.tensor.shape, shapeOf(dims), starts, steps);
    if (epilogue) {
      const common = { name: node.node.name, inputs: [value.tensor], output: makeTensor(name, dims) };
      return node.builder.emit({ kind: 'elementwise', ...common, epilogue });
    }
  }
  const strides = stridesOf(dimsOf(value));
  const start = strides.reduce((sum, stride, i) => sum + stride * (starts[i] ?? 0), 0);
  const view = { dims, strides: strides.map((stride, i) => stride * (steps[i] ?? 1)), start };
  return applyView(node, value, dims, view, name);
}

/** A selection among at most four channels is a matrix over one block. It costs no dispatch of its own. */
function channelSelection(
  before: Shape,
  after: Shape,
  starts: readonly number[],
  steps: readonly number[],
): Expression | null {
  const same = before.every((size, axis) => axis === 1 || size === after[axis]);
  const [from = 0, by = 1] = [starts.at(-3), steps.at(-3)];
  const forward = steps.every((step, i) => step > 0 || i === steps.length - 3);
  if (!same || !forward || before[1] > LANES) return null;
  const rows = Array.from({ length: 16 }, (_, i) => {
    const row = i >> 2;
    return row < after[1] && from + row * by === (i & 3) ? 1 : 0;
  });
  return laneMatrix(rows, [0, 0, 0, 0], input(0));
}

/** The elements of a slice: `from`, `from + by`, ... along each axis, `dims` of them. */
export interface SliceArgs {
  readonly from: readonly number[];
  readonly by: readonly number[];
  readonly dims: readonly number[];
}

export function readSlice(node: NodeReader): SliceArgs {
  const dims = dimsOf(node.value(0));
  const rank = dims.length;
  const starts = node.ints('starts') ?? node.integers(1);
  const ends = node.ints('ends') ?? node.integers(2);
  const axes = node.ints('axes') ?? (node.has(3) ? node.integers(3) : starts.map((_, i) => i));
  const steps = node.has(4) ? node.integers(4) : starts.map(() => 1);
  if ([starts, ends, steps].some(list => list.length !== axes.length)) {
    const counts = [starts, ends, steps].map(list => list.length).join(', ');
    throw node.fail(`has ${counts} starts, ends and steps for ${axes.length} axes.`);
  }
  const from = dims.map(() => 0);
  const by = dims.map(() => 1);
  const out = [...dims];
  node.axes(axes, rank).forEach((axis, i) => {
    const [size = 0, step = 1] = [dims[axis], steps[i]];
    if (step === 0) throw node.fail('has a step of 0.');
    const low = step > 0 ? 0 : -1;
    const clamp = (at: number, high: number) => Math.min(Math.max(at < 0 ? at + size : at, low), high);
    const start = Math.max(0, clamp(starts[i] ?? 0, step > 0 ? size : size - 1));
    const end = clamp(ends[i] ?? size, size);
    from[axis] = start;
    by[axis] = step;
    out[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  return { from, by, dims: out };
}

export function lowerSlice(node: NodeReader): void {
  const { from, by, dims } = readSlice(node);
  node.define(emitSlice(node, node.output, from, by, dims));
}

/** How many elements a padding adds before each axis, and the dimensions that it makes. */
export interface PadArgs {
  readonly before: readonly number[];
  readonly dims: readonly number[];
  readonly mode: string;
}

export function readPad(node: NodeReader): PadArgs {
  const dims = [...dimsOf(node.value(0))];
  const pads = node.ints('pads') ?? node.integers(1);
  const axes = node.has(3) ? node.axes(node.integers(3), dims.length) : dims.map((_, i) => i);
  if (pads.length !== 2 * axes.length) throw node.fail(`has ${pads.length} pads for ${axes.length} axes.`);
  const mode = node.text('mode', 'constant');
  // No network reflects a reflection.
  const far = axes.some((axis, i) =>
    [pads[i], pads[i + axes.length]].some(pad => (pad ?? 0) >= (dims[axis] ?? 0) && pad !== 0),
  );
  if (far && mode === 'reflect') throw node.fail(`reflects [${pads.join(', ')}], more than its input has.`);
  const before = dims.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i] ?? 0;
    dims[axis] = (dims[axis] ?? 0) + (pads[i] ?? 0) + (pads[i + axes.length] ?? 0);
  });
  return { before, dims, mode };
}

export function lowerPad(node: NodeReader): void {
  const tensor = node.tensor(0);
  const { before, dims, mode } = readPad(node);
  const start = toFour(before, 0);
  const rest = toFour(
    tensor.dims.map((dim, i) => (dims[i] ?? 0) - dim),
    0,
  );
  // Dimensions before the last three count as one. None of several can be padded on its own.
  const whole = start?.[0] === 0 && rest?.[0] === 0;
  if (!start || !rest || (!whole && productOf(tensor.dims.slice(0, -4)) > 1)) {
    throw node.fail(`pads other than the last three of ${tensor.dims.length} dimensions.`);
  }
  const define = (map: IndexMap) => node.define(emitMovement(node, tensor, node.outputTensor(dims), map));
  if (mode === 'constant') {
    const value = node.has(2) ? (node.floats(2)[0] ?? 0) : node.float('value', 0);
    define({ kind: 'pad', before: start, value });
  } else if (mode === 'edge' || mode === 'wrap' || mode === 'reflect') {
    define({ kind: 'extend', before: start, mode });
  } else throw node.fail(`pads by '${mode}', which the engine does not support.`);
}

export interface ConcatArgs {
  readonly values: readonly Value[];
  readonly axis: number;
  readonly dims: readonly number[];
}

/** Reads the inputs of a concatenation, its axis and the resulting dimensions. */
export function readConcat(node: NodeReader): ConcatArgs {
  const values = node.node.inputs.map((_, i) => node.value(i));
  const first = dimsOf(values[0] ?? node.value(0));
  const rank = first.length;
  const axis = node.axis(node.int('axis', 1), rank);
  const all = values.map(dimsOf);
  if (!all.every(dims => dims.length === rank && dims.every((dim, i) => i === axis || dim === first[i]))) {
    const shapes = all.map(dims => `[${dims.join(', ')}]`).join(', ');
    throw node.fail(`concatenates shapes that do not fit: ${shapes}.`);
  }
  const size = all.reduce((sum, own) => sum + (own[axis] ?? 0), 0);
  return { values, axis, dims: first.map((dim, i) => (i === axis ? size : dim)) };
}

export function lowerConcat(node: NodeReader): void {
  const { values, axis, dims } = readConcat(node);
  const shifted = axis + 4 - dims.length;
  if (shifted < 0 || (shifted === 0 && productOf(dims.slice(0, axis)) > 1)) {
    throw node.fail(`concatenates along axis ${axis} of ${dims.length}; the engine supports the last four.`);
  }
  const at = shifted === 0 || shifted === 1 || shifted === 2 ? shifted : 3;
  const inputs = values.map((_, i) => node.tensor(i));
  const common = { name: node.node.name, inputs, output: node.outputTensor(dims), epilogue: null };
  node.define(node.builder.emit({ kind: 'concat', ...common, axis: at }));
}
