// Gradients of operators that move elements: each element's gradient goes back to where it came from.

import { productOf } from '../../graph/ir/strides.ts';
import { readConcat, readPad, readSlice } from '../../graph/lowering/movement.ts';
import { readGather, readSplit } from '../../graph/lowering/movement-extended.ts';
import { int, text } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** A rule for operators of one input that differentiable values come through. */
const moving =
  (back: (node: BackwardNode, gradient: string) => string): Rule =>
  (node, [gradient]) =>
    gradient ? [() => back(node, gradient)] : [];

/** The same elements in the same order. */
const reshaped = moving((node, dy) => node.writer.reshape(dy, node.dims(0)));

/** Adds up the gradients of elements that were picked along an axis of `dims`, whole or not at all. */
function unpick(
  { writer }: BackwardNode,
  gradient: string,
  dims: readonly number[],
  axis: number,
  picked: readonly number[],
): string {
  const size = dims[axis] ?? 1;
  const matrix = new Float32Array(size * picked.length);
  picked.forEach((from, i) => {
    matrix[from * picked.length + i] = 1;
  });
  return writer.alongAxis(gradient, dims.length, axis, [size, picked.length], matrix);
}

/** Adds zeros around, or takes elements away where the numbers are negative. */
function pad(
  { writer }: BackwardNode,
  x: string,
  before: readonly number[],
  after: readonly number[],
): string {
  return [...before, ...after].every(pad => pad === 0)
    ? x
    : writer.add('Pad', [x, writer.integers([...before, ...after])]);
}

const slice = moving((node, dy) => {
  const whole = node.dims(0);
  const { from, by, dims } = readSlice(node.reader);
  let made = dy;
  const [before, after] = [whole.map(() => 0), whole.map(() => 0)];
  const current = [...dims];
  whole.forEach((size, axis) => {
    const [start, step, count] = [from[axis] ?? 0, by[axis] ?? 1, dims[axis] ?? 1];
    if (step === 1) {
      before[axis] = start;
      after[axis] = size - start - count;
      return;
    }
    current[axis] = size;
    const picked = Array.from({ length: count }, (_, i) => start + i * step);
    made = unpick(node, made, current, axis, picked);
  });
  return pad(node, made, before, after);
});

/** The element of the input that lies at position `at` of an axis, counted from its first element. */
function extended(at: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(at, 0), size - 1);
  if (mode === 'wrap') return ((at % size) + size) % size;
  const reflected = Math.abs(at);
  return reflected < size ? reflected : 2 * (size - 1) - reflected;
}

const padding = moving((node, dy) => {
  const whole = node.dims(0);
  const { before, dims, mode } = readPad(node.reader);
  if (mode === 'constant') {
    const after = whole.map((size, axis) => size + (before[axis] ?? 0) - (dims[axis] ?? 0));
    return pad(
      node,
      dy,
      before.map(pad => -pad),
      after,
    );
  }
  let made = dy;
  const current = [...dims];
  whole.forEach((size, axis) => {
    if (size === current[axis]) return;
    const from = Array.from({ length: current[axis] ?? 1 }, (_, i) =>
      extended(i - (before[axis] ?? 0), size, mode),
    );
    current[axis] = size;
    made = unpick(node, made, current, axis, from);
  });
  return made;
});

const gather = moving((node, dy) => {
  const { writer } = node;
  const dims = node.dims(0);
  const { axis, indices } = readGather(node.reader);
  const [outer, inner] = [productOf(dims.slice(0, axis)), productOf(dims.slice(axis + 1))];
  const rows = writer.reshape(dy, [outer, indices.length, inner]);
  return writer.reshape(unpick(node, rows, [outer, dims[axis] ?? 1, inner], 1, indices), dims);
});

const transpose = moving((node, dy) => {
  const rank = node.dims(0).length;
  const order = node.reader.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return node.writer.transpose(
    dy,
    order.map((_, axis) => order.indexOf(axis)),
  );
});

const concat: Rule = (node, [gradient]) => {
  const { values, axis, dims } = readConcat(node.reader);
  let at = 0;
  return values.map((_, i) => {
    const start = at;
    const size = node.dims(i)[axis] ?? 0;
    at += size;
    if (!gradient) return null;
    return () => {
      const after = dims.map((_, d) => (d === axis ? start + size - (dims[axis] ?? 0) : 0));
      const before = dims.map((_, d) => (d === axis ? -start : 0));
      return pad(node, gradient, before, after);
    };
  });
};

const split: Rule = (node, gradients) => {
  const { writer } = node;
  const { axis, sizes } = readSplit(node.reader);
  const dims = node.dims(0);
  if (gradients.every(gradient => gradient === null)) return [];
  return [
    () => {
      const parts = sizes.map(
        (size, i) => gradients[i] ?? writer.zeros(dims.map((dim, d) => (d === axis ? size : dim))),
      );
      return writer.add('Concat', parts, { axis: int(axis) });
    },
  ];
};

const depthToSpace = moving((node, dy) => {
  const { writer, reader } = node;
  const block = reader.int('blocksize', 1);
  if (reader.text('mode', 'DCR') === 'DCR')
    return writer.add('SpaceToDepth', [dy], { blocksize: int(block) });
  const [n = 1, c = 1, h = 1, w = 1] = node.dims(0);
  const corners = writer.reshape(dy, [n, c / (block * block), h, block, w, block]);
  return writer.reshape(writer.transpose(corners, [0, 1, 3, 5, 2, 4]), [n, c, h, w]);
});

const spaceToDepth = moving((node, dy) => {
  const { writer, reader } = node;
  const attributes = { blocksize: int(reader.int('blocksize', 1)), mode: text(reader.text('mode', 'DCR')) };
  return writer.add('DepthToSpace', [dy], attributes);
});

/** Each element gets the gradients of its copies. One axis at a time, as tensors have four dimensions at most. */
const tile = moving((node, dy) => {
  const { writer, reader } = node;
  const repeats = reader.integers(1);
  const current = [...node.outputDims()];
  return node.dims(0).reduce((made, size, axis) => {
    if (repeats[axis] === 1) return made;
    const [before, after] = [productOf(current.slice(0, axis)), productOf(current.slice(axis + 1))];
    const copies = writer.reshape(made, [before, repeats[axis] ?? 1, size, after]);
    current[axis] = size;
    return writer.reshape(writer.sum(copies, [1]), current);
  }, dy);
});

export const MOVEMENT: Readonly<Record<string, Rule>> = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: moving((node, dy) => node.writer.sumTo(dy, node.outputDims(), node.dims(0))),
  Flatten: reshaped,
  Gather: gather,
  Pad: padding,
  Reshape: reshaped,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: reshaped,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: reshaped,
};
