// Reductions of many values to few, in two steps: over the columns, and then over the rows and images. A kernel has one
// workgroup for each output, and a GPU has many more.

import type { Operation, Reduce } from '../ir/operation.ts';
import { channelBlocks, makeTensor } from '../ir/tensor.ts';

/** Values of an output from which on it is worth another dispatch. */
const MIN_VALUES = 2 ** 13;
/** Threads of an output (`webgpu/kernels/reduce.ts`). */
const THREADS = 64;

function splitReduction(reduce: Reduce, minThreads: number): Operation[] {
  const { name, how, inputs, output, axes } = reduce;
  const [from, ...others] = inputs;
  if (!from) return [reduce];
  const [n, c, h, w] = from.shape;
  const values = from.shape.reduce((all, size, axis) => all * (axes[axis] ? size : 1), 1);
  const outputs = output.shape[0] * output.shape[2] * output.shape[3] * channelBlocks(output);
  const isLong = axes[3] && w > 1 && ((axes[0] && n > 1) || (axes[2] && h > 1));
  if (!isLong || values < MIN_VALUES || outputs * THREADS >= minThreads) return [reduce];
  const columns = makeTensor(`${output.name} of columns`, [n, axes[1] ? 1 : c, h, 1]);
  const over = [false, axes[1], false, true] as const;
  return [
    { kind: 'reduce', name, how, inputs: [from], output: columns, epilogue: null, axes: over },
    { ...reduce, inputs: [columns, ...others] },
  ];
}

/** `minThreads` is how many threads a GPU should have at once. */
export const splitReductions = (operations: readonly Operation[], minThreads: number): Operation[] =>
  operations.flatMap(one => (one.kind === 'reduce' ? splitReduction(one, minThreads) : [one]));
