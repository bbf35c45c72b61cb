// Constant matrices on the left and right of an image: MatMul with a constant, Resize in all modes, average pooling.
// One operation and one kernel serve them all. Rows have few weights that are not zero, so they are stored as bands.

import type { BandedMatrix } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import type { NodeReader, Value } from './builder.ts';

/** Weights of one matrix, at most: more than any picture needs, and little memory. */
export const MAX_WEIGHTS = 2 ** 20;

/** The column of row `r` that tap number `tap` reads. A column outside the matrix is skipped. */
export type Column = (r: number, tap: number) => number;

/** A banded matrix of `rows` rows with `taps` weights each. All bands are as wide as the widest and lie within the
 * matrix. Taps of the same column are added. */
export function makeBandedMatrix(
  node: NodeReader,
  [rows, taps, columns]: readonly [rows: number, taps: number, columns: number],
  column: Column,
  weight: Column,
): BandedMatrix {
  if (rows * taps > MAX_WEIGHTS) {
    throw node.fail(`needs a matrix of ${rows} x ${taps} weights, which is more than the engine supports.`);
  }
  node.builder.spend(4 * rows * taps);
  const starts = new Int32Array(rows);
  let width = 1;
  for (let r = 0; r < rows; r++) {
    let [first, last] = [columns, -1];
    for (let tap = 0; tap < taps; tap++) {
      const at = column(r, tap);
      if (at < 0 || at >= columns || weight(r, tap) === 0) continue;
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
    starts[r] = first;
    width = Math.max(width, last - first + 1);
  }
  if (rows * width > MAX_WEIGHTS) {
    throw node.fail(`needs a matrix of ${rows} x ${width} weights, which is more than the engine supports.`);
  }
  node.builder.spend(4 * rows * width);
  const weights = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const start = Math.min(starts[r] ?? 0, columns - width);
    starts[r] = start;
    for (let tap = 0; tap < taps; tap++) {
      const at = column(r, tap);
      const index = r * width + at - start;
      if (at >= 0 && at < columns && weight(r, tap) !== 0) {
        weights[index] = (weights[index] ?? 0) + weight(r, tap);
      }
    }
  }
  return { rows, width, starts, weights };
}

export function emitResample(
  node: NodeReader,
  tensor: Tensor,
  dims: readonly number[],
  [left, right]: readonly [BandedMatrix | null, BandedMatrix | null],
  name: string = node.output,
): Value {
  const common = { name: node.node.name, inputs: [tensor], output: makeTensor(name, dims) };
  return node.builder.emit({ kind: 'resample', ...common, epilogue: null, left, right });
}
