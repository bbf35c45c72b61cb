// Gradients of operators that move elements; those that our own looks do not use are in `movement-extended.ts`. Each element's gradient goes back to where it came from.

import { readConcat, readPad, readSlice } from '../../graph/lowering/movement.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** A rule for operators of one input that differentiable values come through. */
export const moving =
  (back: (node: BackwardNode, gradient: string) => string): Rule =>
  (node, [gradient]) =>
    gradient ? [() => back(node, gradient)] : [];

/** The same elements in the same order. */
export const reshaped = moving((node, dy) => node.writer.reshape(dy, node.dims(0)));

/** Adds up the gradients of elements that were picked along an axis of `dims`, whole or not at all. */
export function unpick(
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

export const MOVEMENT: Readonly<Record<string, Rule>> = {
  Concat: concat,
  Expand: moving((node, dy) => node.writer.sumTo(dy, node.outputDims(), node.dims(0))),
  Pad: padding,
  Reshape: reshaped,
  Slice: slice,
  Transpose: transpose,
};
