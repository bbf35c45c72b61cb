// Gradients of operators that lowering makes to a constant matrix on the left and one on the right of each picture: Resize
// in all modes, Upsample, average pooling. Their gradient has the same matrices, transposed.

import type { BandedMatrix } from '../../graph/ir/operation.ts';
import { positions, readSampling } from '../../graph/lowering/grid-sample.ts';
import { DOMAIN, int, ints, text } from '../../onnx/node-writer.ts';
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

const averagePool: Rule = (node, [gradient]) => (gradient ? [() => throughMatrices(node, gradient)] : []);

/** The p-th root of the sum of p-th powers: its derivative is the p - 1-th power of input / output. */
const lpPool: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs, outputs } = node;
  const [x = '', y = ''] = [inputs[0], outputs[0]];
  const p = reader.int('p', 2);
  return [
    () => {
      const size = writer.add('Abs', [x]);
      const isZero = writer.add('Equal', [y, writer.number(0)]);
      const root = writer.where(isZero, writer.number(1), writer.add('Pow', [y, writer.number(p - 1)]));
      const spread = throughMatrices(node, writer.over(gradient, root));
      const power =
        p === 1
          ? writer.add('Sign', [x])
          : writer.times(writer.add('Sign', [x]), writer.add('Pow', [size, writer.number(p - 1)]));
      return writer.times(spread, power);
    },
  ];
};

/** The grid (N, H, W, 2) is theta (N, 2, 3) times (x, y, 1) for each pixel. */
const affineGrid: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader } = node;
  return [
    () => {
      const [n = 1, height = 1, width = 1] = node.outputDims();
      const alignCorners = reader.int('align_corners', 0) === 1;
      const [x, y] = [positions(width, alignCorners), positions(height, alignCorners)];
      const base = new Float32Array(height * width * 3);
      for (let i = 0; i < height * width; i++) {
        base.set([x[i % width] ?? 0, y[Math.floor(i / width)] ?? 0, 1], 3 * i);
      }
      const turned = writer.transpose(writer.reshape(gradient, [n, height * width, 2]), [0, 2, 1]);
      return writer.add('MatMul', [turned, writer.floats(base, [height * width, 3])]);
    },
  ];
};

/** Sampling to the nearest pixel does not change with the position, almost everywhere. */
const gridSample: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const [x = '', grid = ''] = inputs;
  const { interpolation, padding, alignCorners } = readSampling(reader);
  const attributes = {
    mode: text(interpolation),
    padding_mode: text(padding),
    align_corners: int(Number(alignCorners)),
    input_shape: ints(node.dims(0)),
    grid_shape: ints(node.dims(1)),
  };
  const byPosition = () => writer.add('GridSamplePositionGradient', [x, grid, gradient], attributes, DOMAIN);
  return [
    () => writer.add('GridSampleGradient', [grid, gradient], attributes, DOMAIN),
    interpolation === 'linear' ? byPosition : null,
  ];
};

export const RESAMPLE: Readonly<Record<string, Rule>> = {
  AffineGrid: affineGrid,
  AveragePool: averagePool,
  GridSample: gridSample,
  LpPool: lpPool,
  Resize: resize,
  Upsample: resize,
};
