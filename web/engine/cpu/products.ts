// Products of matrices: of computed ones, and of pictures with constant ones (`Resample`).

import type { BandedMatrix, MatMul, Resample } from '../graph/ir/operation.ts';
import type { Shape } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';

export function compileMatMul({ inputs, output }: MatMul, left: Reals, right: Reals, to: Reals): () => void {
  const [n, c, rows, columns] = output.shape;
  const [a, b] = [(inputs[0] ?? output).shape, (inputs[1] ?? output).shape];
  const inner = a[3];
  const start = ([images, channels, h, w]: Shape, image: number, channel: number): number =>
    ((images === 1 ? 0 : image) * channels + (channels === 1 ? 0 : channel)) * h * w;
  return () => {
    to.fill(0);
    for (let image = 0; image < n; image++) {
      for (let channel = 0; channel < c; channel++) {
        const [first, second] = [start(a, image, channel), start(b, image, channel)];
        const target = (image * c + channel) * rows * columns;
        for (let y = 0; y < rows; y++) {
          for (let k = 0; k < inner; k++) {
            const factor = left[first + y * inner + k] ?? 0;
            const row = second + k * columns;
            for (let x = 0; x < columns; x++) {
              to[target + y * columns + x] =
                (to[target + y * columns + x] ?? 0) + factor * (right[row + x] ?? 0);
            }
          }
        }
      }
    }
  };
}

/** The taps of a row of a matrix; of the identity where there is none. */
const tapsOf = (matrix: BandedMatrix | null, row: number): { start: number; width: number } =>
  matrix ? { start: matrix.starts[row] ?? 0, width: matrix.width } : { start: row, width: 1 };

export function compileResample(
  { left, right, output }: Resample,
  from: Reals,
  [, , height, width]: Shape,
  to: Reals,
): () => void {
  const [n, c, tall, wide] = output.shape;
  const between = new Float64Array(tall * width);
  return () => {
    for (let plane = 0; plane < n * c; plane++) {
      for (let y = 0; y < tall; y++) {
        const { start, width: taps } = tapsOf(left, y);
        for (let x = 0; x < width; x++) {
          let sum = 0;
          for (let tap = 0; tap < taps; tap++) {
            sum +=
              (left?.weights[y * taps + tap] ?? 1) * (from[(plane * height + start + tap) * width + x] ?? 0);
          }
          between[y * width + x] = sum;
        }
      }
      for (let y = 0; y < tall; y++) {
        for (let x = 0; x < wide; x++) {
          const { start, width: taps } = tapsOf(right, x);
          let sum = 0;
          for (let tap = 0; tap < taps; tap++) {
            sum += (right?.weights[x * taps + tap] ?? 1) * (between[y * width + start + tap] ?? 0);
          }
          to[(plane * tall + y) * wide + x] = sum;
        }
      }
    }
  };
}
