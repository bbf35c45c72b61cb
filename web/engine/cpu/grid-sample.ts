// Samples a picture at computed positions.

import { applyUnary } from '../graph/eval/scalar-math.ts';
import type { GridSample, Sampling } from '../graph/ir/operation.ts';
import type { Reals } from './arrays.ts';

/** As the kernels on GPUs have it: larger positions are read as if they were not finite. */
const MAX_POSITION = 1e12;

/** The position in pixels from the middle of the first one. */
export function positionOf(
  { interpolation, padding, alignCorners }: Sampling,
  given: number,
  size: number,
): number {
  const grid = Math.abs(given) < MAX_POSITION ? given : -1;
  const whole = alignCorners ? ((grid + 1) / 2) * (size - 1) : ((grid + 1) * size - 1) / 2;
  let at = interpolation === 'nearest' ? (applyUnary('round', whole) ?? whole) : whole;
  if (padding === 'zeros') return Math.min(Math.max(at, -2), size + 1);
  if (padding === 'reflection') {
    const [low, span] = alignCorners ? [0, size - 1] : [0.5, size];
    const period = Math.max(2 * span, 1);
    const along = Math.abs(at + low);
    at = span - Math.abs(along - period * Math.floor(along / period) - span) - low;
  }
  return Math.min(Math.max(at, 0), size - 1);
}

export function compileGridSample(operation: GridSample, from: Reals, grid: Reals, to: Reals): () => void {
  const { inputs, output, interpolation, padding } = operation;
  const [n, c, tall, wide] = output.shape;
  const [, , height, width] = (inputs[0] ?? output).shape;
  const isLinear = interpolation === 'linear';
  return () => {
    for (let image = 0; image < n; image++) {
      for (let pixel = 0; pixel < tall * wide; pixel++) {
        const at = 2 * (image * tall * wide + pixel);
        const x = positionOf(operation, grid[at] ?? 0, width);
        const y = positionOf(operation, grid[at + 1] ?? 0, height);
        const [left, top] = [Math.floor(x), Math.floor(y)];
        for (let channel = 0; channel < c; channel++) {
          const plane = (image * c + channel) * height * width;
          let sum = 0;
          for (let tap = 0; tap < (isLinear ? 4 : 1); tap++) {
            const [column, row] = [left + (tap & 1), top + (tap >> 1)];
            const weight = isLinear
              ? (tap & 1 ? x - left : 1 - x + left) * (tap >> 1 ? y - top : 1 - y + top)
              : 1;
            const isInside = row >= 0 && column >= 0 && row < height && column < width;
            if (padding === 'zeros' && !isInside) continue;
            const own =
              Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1);
            sum += weight * (from[plane + own] ?? 0);
          }
          to[(image * c + channel) * tall * wide + pixel] = sum;
        }
      }
    }
  };
}
