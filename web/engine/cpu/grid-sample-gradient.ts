// The gradients of sampling a picture, by the picture and by the positions.

import type { GridSampleGradient, GridSamplePositionGradient, Sampling } from '../graph/ir/operation.ts';
import type { Shape } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';
import { positionOf } from './grid-sample.ts';

/** A pixel of the picture that a position reads, how much of it, and the derivatives of that by x and y. */
interface Tap {
  readonly pixel: number;
  readonly weight: number;
  readonly byX: number;
  readonly byY: number;
}

/** The pixels that are read at (x, y), in pixels. Beyond the picture there are none with zeros. */
function tapsAt(
  { interpolation, padding }: Sampling,
  x: number,
  y: number,
  [, , height, width]: Shape,
): Tap[] {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const isLinear = interpolation === 'linear';
  return [0, 1, 2, 3].slice(0, isLinear ? 4 : 1).flatMap(tap => {
    const [dx, dy] = [tap & 1, tap >> 1];
    const [column, row] = [left + dx, top + dy];
    const isInside = row >= 0 && column >= 0 && row < height && column < width;
    if (padding === 'zeros' && !isInside) return [];
    const pixel = Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1);
    if (!isLinear) return [{ pixel, weight: 1, byX: 0, byY: 0 }];
    const [wx, wy] = [dx ? x - left : 1 - x + left, dy ? y - top : 1 - y + top];
    return [{ pixel, weight: wx * wy, byX: (dx ? 1 : -1) * wy, byY: (dy ? 1 : -1) * wx }];
  });
}

export function compileGridSampleGradient(
  operation: GridSampleGradient,
  grid: Reals,
  gradient: Reals,
  to: Reals,
): () => void {
  const { shape } = operation.output;
  const [n, c, height, width] = shape;
  const [, , tall, wide] = (operation.inputs[1] ?? operation.output).shape;
  const [plane, pixels] = [height * width, tall * wide];
  const { padding } = operation;
  const isLinear = operation.interpolation === 'linear';
  return () => {
    to.fill(0);
    for (let place = 0; place < n * pixels; place++) {
      const x = positionOf(operation, grid[2 * place] ?? 0, width);
      const y = positionOf(operation, grid[2 * place + 1] ?? 0, height);
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [dx, dy] = [x - left, y - top];
      const image = Math.floor(place / pixels);
      const source = image * c * pixels + (place % pixels);
      // As `tapsAt`, without an object for each tap: this is most of the time of networks that learn grids.
      for (let tap = 0; tap < (isLinear ? 4 : 1); tap++) {
        const [column, row] = [left + (tap & 1), top + (tap >> 1)];
        const isInside = row >= 0 && column >= 0 && row < height && column < width;
        if (padding === 'zeros' && !isInside) continue;
        const weight = isLinear ? (tap & 1 ? dx : 1 - dx) * (tap >> 1 ? dy : 1 - dy) : 1;
        const pixel =
          Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1);
        for (let channel = 0; channel < c; channel++) {
          const at = (image * c + channel) * plane + pixel;
          to[at] = (to[at] ?? 0) + weight * (gradient[source + channel * pixels] ?? 0);
        }
      }
    }
  };
}

/** The derivative of a position in pixels by that of the grid. Beyond the border it is 0, as in torch. */
function slopeOf(sampling: Sampling, given: number, size: number): number {
  const { padding, alignCorners } = sampling;
  const factor = alignCorners ? (size - 1) / 2 : size / 2;
  if (padding === 'zeros') return factor;
  const at = positionOf(sampling, given, size);
  if (at <= 0 || at >= size - 1) return 0;
  if (padding === 'border') return factor;
  const [low, span] = alignCorners ? [0, size - 1] : [0.5, size];
  const whole = (alignCorners ? ((given + 1) / 2) * (size - 1) : ((given + 1) * size - 1) / 2) + low;
  const phase = Math.abs(whole) % (2 * span);
  return factor * (whole < 0 ? -1 : 1) * (phase < span ? 1 : -1);
}

export function compileGridSamplePositionGradient(
  operation: GridSamplePositionGradient,
  [from, grid, gradient]: readonly [picture: Reals, positions: Reals, gradient: Reals],
  to: Reals,
): () => void {
  const { shape } = operation.inputs[0] ?? operation.output;
  const [n, c, height, width] = shape;
  const [, , tall, wide] = (operation.inputs[2] ?? operation.output).shape;
  const [plane, pixels] = [height * width, tall * wide];
  return () => {
    for (let place = 0; place < n * pixels; place++) {
      const [atX, atY] = [grid[2 * place] ?? 0, grid[2 * place + 1] ?? 0];
      const x = positionOf(operation, atX, width);
      const y = positionOf(operation, atY, height);
      const [image, own] = [Math.floor(place / pixels), place % pixels];
      let [byX, byY] = [0, 0];
      for (const tap of tapsAt(operation, x, y, shape)) {
        for (let channel = image * c; channel < (image + 1) * c; channel++) {
          const product = (from[channel * plane + tap.pixel] ?? 0) * (gradient[channel * pixels + own] ?? 0);
          byX += tap.byX * product;
          byY += tap.byY * product;
        }
      }
      to[2 * place] = byX * slopeOf(operation, atX, width);
      to[2 * place + 1] = byY * slopeOf(operation, atY, height);
    }
  };
}
