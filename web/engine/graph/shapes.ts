// Lowering of nodes that move elements and compute nothing. On constants they are done here and now.

import { type Constant, elements, integers, shapeConstant, sizeOf } from '../onnx/constant.ts';
import { dimsOf, MOST_INTEGERS, type NodeView, type Value } from './builder.ts';
import { input, mix } from './expression.ts';
import { type IndexMap, LANES, type Shape, sameShape, shapeOf } from './operation.ts';

function rearranged(node: NodeView, dims: readonly number[], map: IndexMap): void {
  const tensor = node.tensor(0);
  const output = node.made(dims);
  node.define(
    node.builder.emit({
      kind: 'rearrange',
      name: node.node.name,
      inputs: [tensor],
      output,
      epilogue: null,
      map,
    }),
  );
}

/** The same elements in the same order under other dimensions. */
function reshaped(node: NodeView, dims: readonly number[]): void {
  const value = node.value(0);
  const before = dimsOf(value);
  if (sizeOf(before, node.output) !== sizeOf(dims, node.output)) {
    throw node.fail(`cannot give [${before.join(', ')}] the shape [${dims.join(', ')}].`);
  }
  if (value.kind === 'scalar') node.define({ ...value, dims });
  else if (value.kind === 'constant')
    node.define({ kind: 'constant', constant: { ...value.constant, dims } });
  else if (value.kind === 'quantised') {
    const constant = node.builder.dequantised(value, node.output);
    node.define({ kind: 'constant', constant: { ...constant, dims } });
  } else if (dims.length <= 4 && sameShape(value.tensor.shape, shapeOf(dims))) {
    node.define({ kind: 'tensor', tensor: sameTensor(node, value, dims) });
  } else rearranged(node, dims, { kind: 'reshape' });
}

/** A tensor under other dimensions that are the same in four: a map that copies, fused away where possible. */
function sameTensor(node: NodeView, value: Extract<Value, { kind: 'tensor' }>, dims: readonly number[]) {
  const output = node.made(dims);
  const common = { name: node.node.name, inputs: [value.tensor], output };
  node.builder.emit({ kind: 'map', ...common, epilogue: input(0) });
  return output;
}

export function lowerReshape(node: NodeView): void {
  const before = dimsOf(node.value(0));
  const asked = node.has(1) ? node.integers(1) : (node.ints('shape') ?? []);
  const keepZero = node.int('allowzero', 0) === 1;
  const dims = asked.map((dim, i) => (dim === 0 && !keepZero ? (before[i] ?? 0) : dim));
  const known = dims.filter(dim => dim !== -1).reduce((a, b) => a * b, 1);
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = known === 0 ? 0 : sizeOf(before, node.output) / known;
  reshaped(node, dims);
}

export function lowerFlatten(node: NodeView): void {
  const before = dimsOf(node.value(0));
  const listed = node.int('axis', 1);
  const axis = listed === before.length ? listed : node.axis(listed, before.length);
  const rows = before.slice(0, axis).reduce((a, b) => a * b, 1);
  reshaped(node, [rows, before.slice(axis).reduce((a, b) => a * b, 1)]);
}

export function lowerSqueeze(node: NodeView): void {
  const before = dimsOf(node.value(0));
  const listed = node.ints('axes') ?? (node.has(1) ? node.integers(1) : null);
  const axes = listed && node.axes(listed, before.length);
  reshaped(
    node,
    before.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
  );
}

export function lowerUnsqueeze(node: NodeView): void {
  const dims = [...dimsOf(node.value(0))];
  const listed = node.ints('axes') ?? node.integers(1);
  const rank = dims.length + listed.length;
  for (const axis of node.axes(listed, rank).sort((a, b) => a - b)) dims.splice(axis, 0, 1);
  reshaped(node, dims);
}

export function lowerShape(node: NodeView): void {
  const dims = dimsOf(node.value(0));
  const end = node.int('end', dims.length);
  node.define({
    kind: 'constant',
    constant: shapeConstant(node.output, dims.slice(node.int('start', 0), end)),
  });
}

export function lowerTranspose(node: NodeView): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const order = node.ints('perm') ?? dims.map((_, i) => dims.length - 1 - i);
  if (order.length !== dims.length || [...order].sort().some((axis, i) => axis !== i)) {
    throw node.fail(`has the impossible perm [${order.join(', ')}].`);
  }
  const after = order.map(axis => dims[axis] ?? 1);
  if (value.kind === 'constant') {
    node.builder.spend(value.constant.bytes.length);
    node.define({ kind: 'constant', constant: transposed(value.constant, order, after) });
    return;
  }
  const shift = 4 - dims.length;
  const four = [0, 1, 2, 3].map(i => (i < shift ? i : (order[i - shift] ?? 0) + shift));
  const [n = 0, c = 1, h = 2, w = 3] = four;
  rearranged(node, after, { kind: 'transpose', order: [n, c, h, w] });
}

function transposed(constant: Constant, order: readonly number[], dims: readonly number[]): Constant {
  const strides = constant.dims.map((_, i) => constant.dims.slice(i + 1).reduce((a, b) => a * b, 1));
  const steps = order.map(axis => strides[axis] ?? 0);
  const from = elements(constant);
  const to = from.slice();
  const at = dims.map(() => 0);
  const last = dims.length - 1;
  const [length, stride] = [dims[last] ?? 1, steps[last] ?? 0];
  let place = 0;
  for (let i = 0; i < to.length; i += length) {
    for (let k = 0; k < length; k++) to[i + k] = from[place + k * stride] ?? 0;
    // To the next row: the axis before the last first, as an odometer turns.
    for (let axis = last - 1; axis >= 0; axis--) {
      const [dim, step, turned] = [dims[axis] ?? 1, steps[axis] ?? 0, (at[axis] ?? 0) + 1];
      place += step;
      at[axis] = turned;
      if (turned < dim) break;
      place -= dim * step;
      at[axis] = 0;
    }
  }
  return { ...constant, dims, bytes: new Uint8Array(to.buffer, to.byteOffset, to.byteLength) };
}

const four = (values: readonly number[], rank: number, fill: number): Shape => {
  const [n = fill, c = fill, h = fill, w = fill] = [...Array(4 - rank).fill(fill), ...values];
  return [n, c, h, w];
};

/** Elements start, start + step, ... along each axis. */
function slice(
  node: NodeView,
  output: string,
  starts: readonly number[],
  steps: readonly number[],
  dims: readonly number[],
): void {
  const tensor = node.tensor(0);
  const made = { ...node.made(dims), name: output };
  const rank = dims.length;
  const common = { name: node.node.name, inputs: [tensor], output: made };
  const from = four(starts, rank, 0);
  const by = four(steps, rank, 1);
  const [, channels, height, width] = tensor.shape;
  // A choice among at most four channels is a matrix over one block: it costs no dispatch of its own.
  const channelsOnly =
    made.shape[0] === tensor.shape[0] && made.shape[2] === height && made.shape[3] === width;
  const forward = by[2] > 0 && by[3] > 0 && by[0] > 0;
  if (channelsOnly && forward && channels <= LANES) {
    const rows = Array.from({ length: 16 }, (_, i) => {
      const row = i >> 2;
      return row < made.shape[1] && from[1] + row * by[1] === (i & 3) ? 1 : 0;
    });
    const epilogue = mix(rows, [0, 0, 0, 0], input(0));
    node.builder.define(output, node.builder.emit({ kind: 'map', ...common, epilogue }));
    return;
  }
  const map: IndexMap = { kind: 'slice', starts: from, steps: by };
  node.builder.define(output, node.builder.emit({ kind: 'rearrange', ...common, epilogue: null, map }));
}

/** Few whole numbers: part of the arithmetic of shapes, which is done here and now. */
const isShape = ({ type, dims }: Constant): boolean =>
  (type === 'int64' || type === 'int32') && dims.length === 1 && (dims[0] ?? 0) <= MOST_INTEGERS;

export function lowerSlice(node: NodeView): void {
  const value = node.value(0);
  const dims = [...dimsOf(value)];
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
    const start = clamp(starts[i] ?? 0, step > 0 ? size : size - 1);
    const end = clamp(ends[i] ?? size, size);
    from[axis] = start;
    by[axis] = step;
    out[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  if (value.kind === 'constant' && rank === 1 && isShape(value.constant)) {
    const all = integers(value.constant);
    const kept = Array.from({ length: out[0] ?? 0 }, (_, i) => all[(from[0] ?? 0) + i * (by[0] ?? 1)] ?? 0);
    node.define({ kind: 'constant', constant: shapeConstant(node.output, kept) });
    return;
  }
  slice(node, node.output, from, by, out);
}

export function lowerSplit(node: NodeView): void {
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
  let at = 0;
  node.node.outputs.forEach((output, i) => {
    const part = sizes[i] ?? 0;
    const starts = dims.map((_, d) => (d === axis ? at : 0));
    at += part;
    if (!output) return;
    slice(
      node,
      output,
      starts,
      dims.map(() => 1),
      dims.map((dim, d) => (d === axis ? part : dim)),
    );
  });
}

export function lowerPad(node: NodeView): void {
  const tensor = node.tensor(0);
  const rank = tensor.dims.length;
  const pads = node.ints('pads') ?? node.integers(1);
  const axes = node.has(3) ? node.axes(node.integers(3), rank) : tensor.dims.map((_, i) => i);
  if (pads.length !== 2 * axes.length) throw node.fail(`has ${pads.length} pads for ${axes.length} axes.`);
  const before = tensor.dims.map(() => 0);
  const dims = [...tensor.dims];
  axes.forEach((axis, i) => {
    before[axis] = pads[i] ?? 0;
    dims[axis] = (dims[axis] ?? 0) + (pads[i] ?? 0) + (pads[i + axes.length] ?? 0);
  });
  const mode = node.text('mode', 'constant');
  const start = four(before, rank, 0);
  if (mode === 'constant') {
    const value = node.has(2) ? (node.floats(2)[0] ?? 0) : node.float('value', 0);
    rearranged(node, dims, { kind: 'pad', before: start, value });
  } else if (mode === 'edge' || mode === 'wrap' || mode === 'reflect') {
    // A reflection of a reflection is another matter, which no network asks for.
    const far = axes.some((axis, i) =>
      [pads[i], pads[i + axes.length]].some(pad => (pad ?? 0) >= (tensor.dims[axis] ?? 0) && pad !== 0),
    );
    if (far && mode === 'reflect') throw node.fail(`reflects [${pads.join(', ')}], more than its input has.`);
    rearranged(node, dims, { kind: 'extend', before: start, mode });
  } else throw node.fail(`pads by '${mode}', which the engine does not run.`);
}

export function lowerDepthToSpace(node: NodeView): void {
  const [n, c, h, w] = node.tensor(0).shape;
  const block = node.int('blocksize', 1);
  if (block < 1 || c % (block * block) !== 0) throw node.fail(`cannot split ${c} channels by ${block}.`);
  const columnFirst = node.text('mode', 'DCR') === 'CRD';
  rearranged(node, [n, c / (block * block), h * block, w * block], {
    kind: 'depthToSpace',
    block,
    columnFirst,
  });
}

export function lowerSpaceToDepth(node: NodeView): void {
  const [n, c, h, w] = node.tensor(0).shape;
  const block = node.int('blocksize', 1);
  if (block < 1 || h % block !== 0 || w % block !== 0)
    throw node.fail(`cannot split ${h} x ${w} by ${block}.`);
  const columnFirst = node.text('mode', 'DCR') === 'CRD';
  rearranged(node, [n, c * block * block, h / block, w / block], {
    kind: 'spaceToDepth',
    block,
    columnFirst,
  });
}

export function lowerConcat(node: NodeView): void {
  const values = node.node.inputs.map((_, i) => node.value(i));
  const first = dimsOf(values[0] ?? node.value(0));
  const rank = first.length;
  const axis = node.axis(node.int('axis', 1), rank);
  if (rank === 1 && values.every(value => value.kind === 'constant' && isShape(value.constant))) {
    const all = values.flatMap((_, i) => node.integers(i));
    node.define({ kind: 'constant', constant: shapeConstant(node.output, all) });
    return;
  }
  const inputs = values.map((_, i) => node.tensor(i));
  const fits = inputs.every(
    ({ dims }) => dims.length === rank && dims.every((dim, i) => i === axis || dim === first[i]),
  );
  if (!fits) {
    throw node.fail(`joins shapes that do not fit: ${inputs.map(t => `[${t.dims.join(', ')}]`).join(', ')}.`);
  }
  const total = inputs.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const output = node.made(first.map((dim, i) => (i === axis ? total : dim)));
  const place = axis + 4 - rank;
  const at = place === 0 || place === 1 || place === 2 ? place : 3;
  node.define(
    node.builder.emit({ kind: 'join', name: node.node.name, inputs, output, epilogue: null, axis: at }),
  );
}
