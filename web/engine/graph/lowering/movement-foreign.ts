// Lowering of nodes that move elements and that our own looks never have. They are views, as in `movement.ts`.

import { bytesOf, type Constant, sizeOf } from '../../onnx/constant.ts';
import type { View } from '../ir/operation.ts';
import { productOf, stridesOf } from '../ir/strides.ts';
import { emitResample, MAX_WEIGHTS, makeBandedMatrix } from './banded-matrix.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { asConstants } from './constant-folding.ts';
import { makerOf } from './conv-input.ts';
import { applyView, type ConcatArgs, emitSlice, lowerConcat, readConcat, reshape } from './movement.ts';
import { beforeReshape, defineReshaped } from './movement-extended.ts';

export function lowerDepthToSpace(node: NodeReader): void {
  const [n, c, h, w] = readPicture(node);
  const block = node.int('blocksize', 1);
  if (block < 1 || c % (block * block) !== 0) throw node.fail(`cannot split ${c} channels by ${block}.`);
  const out = c / (block * block);
  const image = h * w;
  const columnFirst = node.text('mode', 'DCR') === 'CRD';
  const channel = columnFirst ? block * block * image : image;
  const corner = columnFirst ? image : out * image;
  const view = {
    dims: [n, out, h, block, w, block],
    strides: [c * image, channel, w, block * corner, 1, corner],
    start: 0,
  };
  node.define(applyView(node, node.value(0), [n, out, h * block, w * block], view));
}

export function lowerSpaceToDepth(node: NodeReader): void {
  const [n, c, h, w] = readPicture(node);
  const block = node.int('blocksize', 1);
  if (block < 1 || h % block !== 0 || w % block !== 0) {
    throw node.fail(`cannot split ${h} x ${w} by ${block}.`);
  }
  const [tall, wide] = [h / block, w / block];
  const corner: View = { dims: [block, block], strides: [w, 1], start: 0 };
  const channel: View = { dims: [c], strides: [h * w], start: 0 };
  const order = node.text('mode', 'DCR') === 'CRD' ? [channel, corner] : [corner, channel];
  const view = {
    dims: [n, ...order.flatMap(({ dims }) => dims), tall, wide],
    strides: [c * h * w, ...order.flatMap(({ strides }) => strides), block * w, block],
    start: 0,
  };
  node.define(applyView(node, node.value(0), [n, c * block * block, tall, wide], view));
}

function readPicture(node: NodeReader): [n: number, c: number, h: number, w: number] {
  const [n = 0, c = 0, h = 0, w = 0, ...more] = dimsOf(node.value(0));
  if (w === 0 || more.length > 0) throw node.fail('has no 2-D picture as its input.');
  return [n, c, h, w];
}

/** The axis of a split, and the sizes of its parts. */
export function readSplit(node: NodeReader): { axis: number; sizes: readonly number[] } {
  const dims = dimsOf(node.value(0));
  const axis = node.axis(node.int('axis', 0), dims.length);
  const size = dims[axis] ?? 0;
  const parts = node.node.outputs.length;
  const each = Math.ceil(size / parts);
  const sizes =
    node.ints('split') ??
    (node.has(1)
      ? node.integers(1)
      : Array.from({ length: parts }, (_, i) => Math.min(each, size - i * each)));
  if (sizes.length !== parts || sizes.reduce((a, b) => a + b, 0) !== size) {
    throw node.fail(`has parts [${sizes.join(', ')}] for ${parts} outputs that share ${size}.`);
  }
  return { axis, sizes };
}

export function lowerSplit(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const { axis, sizes } = readSplit(node);
  let at = 0;
  node.node.outputs.forEach((output, i) => {
    const part = sizes[i] ?? 0;
    const starts = dims.map((_, d) => (d === axis ? at : 0));
    at += part;
    if (!output) return;
    const ones = dims.map(() => 1);
    const value = emitSlice(
      node,
      output,
      starts,
      ones,
      dims.map((dim, d) => (d === axis ? part : dim)),
    );
    node.builder.define(output, value);
  });
}

/** The axis along which elements are gathered, and their constant indices, counted from the front. */
export function readGather(node: NodeReader): { axis: number; indices: readonly number[] } {
  const dims = dimsOf(node.value(0));
  const axis = node.axis(node.int('axis', 0), dims.length);
  const size = dims[axis] ?? 0;
  const indices = node.integers(1).map(index => (index < 0 ? index + size : index));
  if (indices.length === 0 || indices.some(index => index < 0 || index >= size)) {
    throw node.fail(`gathers [${indices.slice(0, 8).join(', ')}] of ${size}.`);
  }
  return { axis, indices };
}

/** Gathers elements at constant indices along an axis. */
export function lowerGather(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const { axis, indices } = readGather(node);
  const size = dims[axis] ?? 0;
  const [before, after] = [dims.slice(0, axis), dims.slice(axis + 1)];
  const wanted = node.constant(1).dims;
  const inner = productOf(after);
  const [first = 0, second = first] = indices;
  const step = second - first;
  const made = [...before, ...wanted, ...after];
  if (indices.every((index, i) => index === first + i * step)) {
    const view = {
      dims: [productOf(before), indices.length, inner],
      strides: [size * inner, step * inner, 1],
      start: first * inner,
    };
    node.define(applyView(node, value, made, view));
    return;
  }
  if (value.kind === 'constant') {
    const rows = { dims: [productOf(before), size, inner], indices };
    node.define({ kind: 'constant', constant: gatherConstant(node, value.constant, rows, made) });
    return;
  }
  // Irregular indices are no single view: the node becomes a matrix with a single 1 in each row.
  const turned = { dims: [productOf(before), inner, size], strides: [size * inner, 1, inner], start: 0 };
  const rows = applyView(node, value, [productOf(before), inner, size], turned, `${node.output} in rows`);
  const band = makeBandedMatrix(
    node,
    [indices.length, 1, size],
    row => indices[row] ?? 0,
    () => 1,
  );
  const picked = emitResample(
    node,
    node.builder.tensor(rows, node.output),
    [productOf(before), inner, indices.length],
    [null, band],
    `${node.output} picked`,
  );
  const count = indices.length;
  const back = {
    dims: [productOf(before), count, inner],
    strides: [inner * count, 1, count],
    start: 0,
  };
  node.define(applyView(node, picked, made, back));
}

function gatherConstant(
  node: NodeReader,
  constant: Constant,
  { dims, indices }: { dims: readonly number[]; indices: readonly number[] },
  made: readonly number[],
): Constant {
  const [rows = 1, size = 1, inner = 1] = dims;
  const length = inner * bytesOf(constant.type);
  node.builder.spend(rows * indices.length * length);
  const bytes = new Uint8Array(rows * indices.length * length);
  for (let row = 0; row < rows; row++) {
    indices.forEach((index, i) => {
      const start = (row * size + index) * length;
      bytes.set(constant.bytes.subarray(start, start + length), (row * indices.length + i) * length);
    });
  }
  return { ...constant, name: node.output, dims: made, bytes };
}

/** Repeats all of it along each axis. */
export function lowerTile(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const repeats = node.integers(1);
  if (repeats.length !== dims.length || repeats.some(count => count < 1)) {
    throw node.fail(`repeats [${repeats.join(', ')}] times along ${dims.length} axes.`);
  }
  const made = dims.map((dim, i) => dim * (repeats[i] ?? 1));
  sizeOf(made, node.output);
  const strides = stridesOf(dims);
  const view = {
    dims: dims.flatMap((dim, i) => [repeats[i] ?? 1, dim]),
    strides: strides.flatMap(stride => [0, stride]),
    start: 0,
  };
  node.define(applyView(node, value, made, view));
}

/** In inference nothing is dropped. */
export function lowerDropout(node: NodeReader): void {
  if (node.has(2) && node.constant(2).bytes[0] !== 0) {
    throw node.fail('drops values as in training; export the model for inference.');
  }
  node.define(node.value(0));
}

export function lowerFlatten(node: NodeReader): void {
  const before = dimsOf(node.value(0));
  const listed = node.int('axis', 1);
  const axis = listed === before.length ? listed : node.axis(listed, before.length);
  const rows = productOf(before.slice(0, axis));
  defineReshaped(node, [rows, productOf(before.slice(axis))]);
}

export function lowerSqueeze(node: NodeReader): void {
  const before = dimsOf(node.value(0));
  const listed = node.ints('axes') ?? (node.has(1) ? node.integers(1) : null);
  const axes = listed && node.axes(listed, before.length);
  defineReshaped(
    node,
    before.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
  );
}

export function lowerUnsqueeze(node: NodeReader): void {
  const dims = [...dimsOf(node.value(0))];
  const listed = node.ints('axes') ?? node.integers(1);
  const rank = dims.length + listed.length;
  for (const axis of node.axes(listed, rank).sort((a, b) => a - b)) dims.splice(axis, 0, 1);
  defineReshaped(node, dims);
}

/** The same picture twice: each of its pixels, or each of its rows, is repeated. So fast-neural-style doubles pictures,
 * after reshapes to one column and to one row each. Null if something else is repeated. */
function emitRepeat(node: NodeReader, { values, axis, dims }: ConcatArgs): Value | null {
  const source = beforeReshape(node, node.value(0));
  const [first, ...others] = node.node.inputs;
  if (source.kind !== 'tensor' || others.some(name => name !== first)) return null;
  const [n, c, h, w] = source.tensor.shape;
  const inner = productOf(dimsOf(node.value(0)).slice(axis));
  if (inner !== 1 && inner !== w) return null;
  const count = values.length;
  const size = inner === 1 ? w : h;
  if (count * size > MAX_WEIGHTS) return null;
  const band = makeBandedMatrix(
    node,
    [count * size, 1, size],
    row => Math.floor(row / count),
    () => 1,
  );
  const name = `${node.output} repeated`;
  if (inner === 1) {
    const wide = emitResample(node, source.tensor, [n, c, h, count * w], [null, band], name);
    return reshape(node, wide, dims);
  }
  // Rows of repeated pixels: both at once.
  const maker = makerOf(node, source.tensor);
  const isWide = maker?.kind === 'resample' && !maker.left && !maker.epilogue;
  const [from = source.tensor] = isWide ? maker.inputs : [];
  const tall = emitResample(node, from, [n, c, count * h, w], [band, isWide ? maker.right : null], name);
  return reshape(node, tall, dims);
}

/** Concatenates constants to a constant. */
export function lowerAnyConcat(node: NodeReader): void {
  const concat = readConcat(node);
  const { values, axis, dims } = concat;
  const repeated = emitRepeat(node, concat);
  if (repeated) {
    node.define(repeated);
    return;
  }
  const constants = asConstants(node, values);
  if (constants?.every(({ type }) => type === constants[0]?.type)) {
    node.define({ kind: 'constant', constant: concatConstants(node, constants, axis, dims) });
  } else lowerConcat(node);
}

function concatConstants(
  node: NodeReader,
  constants: readonly Constant[],
  axis: number,
  dims: readonly number[],
): Constant {
  const rows = productOf(dims.slice(0, axis));
  const size = constants.reduce((sum, { bytes }) => sum + bytes.length, 0);
  node.builder.spend(size);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const constant of constants) {
      const length = constant.bytes.length / rows;
      bytes.set(constant.bytes.subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  }
  return { name: node.output, type: constants[0]?.type ?? 'float32', dims, bytes };
}
