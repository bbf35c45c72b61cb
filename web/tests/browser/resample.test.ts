// Resampling by matrices whose rows overlap: outputs of a row share sums.

import { expect, test } from 'vitest';
import { createPainter, readModel } from '../../engine/index.ts';
import { compile } from '../../engine/webgpu/kernels/compile.ts';
import { GPU_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { largestDifference } from '../compare.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';

const IMAGES = 2;
const CHANNELS = 6;
const INPUT = [40, 72] as const;
const OUTPUT = [24, 20] as const;
/** Columns that an output reads, from twice its own on. */
const BAND = 34;

const wave = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
const left = wave(OUTPUT[0] * INPUT[0], 0.37);
const right = wave(INPUT[1] * OUTPUT[1], 0.53).map((weight, i) => {
  const [row, column] = [Math.floor(i / OUTPUT[1]), i % OUTPUT[1]];
  return row >= 2 * column && row < 2 * column + BAND ? weight : 0;
});
const image = wave(IMAGES * CHANNELS * INPUT[0] * INPUT[1], 0.71);

const network = await readModel(
  model(
    graphOf({
      nodes: [
        node('MatMul', ['left', 'image'], ['rows'], {}),
        node('MatMul', ['rows', 'right'], ['resampled'], {}),
      ],
      constants: [tensor('left', [OUTPUT[0], INPUT[0]], left), tensor('right', [INPUT[1], OUTPUT[1]], right)],
      inputs: [value('image', [IMAGES, CHANNELS, ...INPUT])],
      outputs: [value('resampled', [IMAGES, CHANNELS, ...OUTPUT])],
    }),
  ),
);

/** Output by output, in double precision. */
function expected(): Float32Array {
  const [height, width] = INPUT;
  const [rows, columns] = OUTPUT;
  return Float32Array.from({ length: IMAGES * CHANNELS * rows * columns }, (_, at) => {
    const column = at % columns;
    const row = Math.floor(at / columns) % rows;
    const first = Math.floor(at / columns / rows) * height * width;
    let sum = 0;
    for (let i = 0; i < height * width; i++) {
      const [y, x] = [Math.floor(i / width), i % width];
      sum += (left[row * height + y] ?? 0) * (image[first + i] ?? 0) * (right[x * columns + column] ?? 0);
    }
    return sum;
  });
}

test('a row of outputs shares the sums down columns, in all images and channels', async () => {
  const [operation] = network.plan.operations;
  if (operation?.kind !== 'resample') throw new Error('The matrices are not one resampling.');
  const { workgroups } = compile({ plan: network.plan, config: GPU_CONFIG, extended: null }, operation);
  expect(workgroups).toEqual([OUTPUT[0], Math.ceil(CHANNELS / 4), IMAGES]);
  const painter = await createPainter(network, { backend: 'webgpu', precision: 'float32' });
  const { resampled } = await painter.run({ image });
  painter.destroy();
  expect(largestDifference(resampled ?? new Float32Array(), expected())).toBeLessThan(1e-3);
});
