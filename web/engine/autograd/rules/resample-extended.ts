// Gradients of average pooling, and of what samples a picture at computed places.

import { positions, readSampling } from '../../graph/lowering/grid-sample.ts';
import { DOMAIN, int, ints, text } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';
import { throughMatrices } from './resample.ts';

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

export const RESAMPLE_EXTENDED: Readonly<Record<string, Rule>> = {
  AffineGrid: affineGrid,
  AveragePool: averagePool,
  GridSample: gridSample,
  LpPool: lpPool,
};
