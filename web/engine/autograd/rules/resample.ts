// Gradients of operators that lowering makes to a constant matrix on the left and one on the right of each picture: Resize
// in all modes, Upsample, average pooling. Their gradient has the same matrices, transposed.

import type { BandedMatrix } from '../../graph/ir/operation.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** The transpose of a banded matrix of that many columns, row by row. */
function transposed({ rows, width, starts, weights }: BandedMatrix, columns: number): Float32Array {
  const dense = new Float32Array(columns * rows);
  for (let r = 0; r < rows; r++) {
    for (let tap = 0; tap < width; tap++) {
      dense[((starts[r] ?? 0) + tap) * rows + r] = weights[r * width + tap] ?? 0;
    }
  }
  return dense;
}

/** Brings the gradient of what the node's matrices made back through them. */
export function throughMatrices(node: BackwardNode, gradient: string): string {
  const { writer } = node;
  const operation = node.operation('resample');
  if (!operation) return gradient; // a scale of 1
  const { left, right } = operation;
  const dims = node.dims(0);
  const rank = dims.length;
  let made = gradient;
  if (right) {
    const columns = dims[rank - 1] ?? 1;
    made = writer.alongAxis(made, rank, rank - 1, [columns, right.rows], transposed(right, columns));
  }
  if (left) {
    const columns = dims[rank - 2] ?? 1;
    made = writer.alongAxis(made, rank, rank - 2, [columns, left.rows], transposed(left, columns));
  }
  return made;
}

/** Where a cropped resize reads beyond the picture, its value is constant. The masks of the rows and the columns inside
 * are the inputs of the operation that lowering made for that. */
const resize: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer } = node;
  return [
    () => {
      const cropped = node.operation('elementwise');
      const masks =
        cropped?.inputs.flatMap(({ constant, dims }) => (constant ? [{ constant, dims }] : [])) ?? [];
      const inside = masks.reduce(
        (made, { constant, dims }) => writer.times(made, writer.floats(constant, dims)),
        gradient,
      );
      return throughMatrices(node, inside);
    },
  ];
};

export const RESAMPLE: Readonly<Record<string, Rule>> = { Resize: resize, Upsample: resize };
