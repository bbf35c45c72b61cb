// Views, padding and concatenation.

import { assertNever } from '../error.ts';
import { StridedIterator } from '../graph/eval/evaluator.ts';
import type { Concat, Movement } from '../graph/ir/operation.ts';
import type { Shape } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';

/** Indices of the input's elements in the output's order; -1 for padding. They are computed once. */
function sourceIndices({ map, output }: Movement, input: Shape): Int32Array {
  const indices = new Int32Array(output.shape.reduce((a, b) => a * b, 1));
  if (map.kind === 'view') {
    const iterator = new StridedIterator(map.dims, map.strides);
    for (let i = 0; i < indices.length; i++, iterator.advance()) indices[i] = map.start + iterator.offset;
    return indices;
  }
  const axes = output.shape.map((size, axis) => {
    const [own, before] = [input[axis] ?? 1, map.before[axis] ?? 0];
    return Array.from({ length: size }, (_, o) => {
      const at = o - before;
      return map.kind === 'pad' ? (at >= 0 && at < own ? at : -1) : extended(at, own, map.mode);
    });
  });
  const [images = [], channels = [], rows = [], columns = []] = axes;
  let at = 0;
  for (const n of images)
    for (const c of channels)
      for (const y of rows)
        for (const x of columns) {
          const isInside = n >= 0 && c >= 0 && y >= 0 && x >= 0;
          indices[at++] = isInside ? ((n * input[1] + c) * input[2] + y) * input[3] + x : -1;
        }
  return indices;
}

function extended(at: number, size: number, mode: 'reflect' | 'edge' | 'wrap'): number {
  switch (mode) {
    case 'edge':
      return Math.min(Math.max(at, 0), size - 1);
    case 'wrap':
      return ((at % size) + size) % size;
    case 'reflect':
      return Math.max(size - 1 - Math.abs(size - 1 - Math.abs(at)), 0);
    default:
      return assertNever(mode);
  }
}

export function compileMovement(operation: Movement, from: Reals, input: Shape, to: Reals): () => void {
  const indices = sourceIndices(operation, input);
  const fill = operation.map.kind === 'pad' ? operation.map.value : 0;
  return () => {
    for (let i = 0; i < indices.length; i++) {
      const at = indices[i] ?? -1;
      to[i] = at < 0 ? fill : (from[at] ?? 0);
    }
  };
}

export function compileConcat(
  { axis, inputs, output }: Concat,
  from: readonly Reals[],
  to: Reals,
): () => void {
  const inner = (shape: Shape) => shape.slice(axis).reduce((a, b) => a * b, 1);
  const whole = inner(output.shape);
  const outer = to.length / whole;
  return () => {
    let start = 0;
    inputs.forEach((tensor, k) => {
      const size = inner(tensor.shape);
      for (let row = 0; row < outer; row++) {
        to.set(from[k]?.subarray(row * size, (row + 1) * size) ?? [], row * whole + start);
      }
      start += size;
    });
  };
}
