/** A digit of any size as MNIST has them: 20 pixels high or wide, its centre of mass in the middle of 28. */
import { DIGIT_SIDE } from './drawn-digits.ts';
import type { Picture } from './examples.ts';

const INNER = 20;
/** Less ink is no stroke. */
const FAINT = 0.15;

/** `ink` is 0..1, rows of `side` numbers. Null where there is none. */
export function shapeDigit(ink: ArrayLike<number>, side: number): Picture | null {
  let [left, right, top, bottom, mass, x, y] = [side, -1, side, -1, 0, 0, 0];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = ink[row * side + column] ?? 0;
      if (value < FAINT) continue;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
      mass += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
    }
  }
  if (mass === 0) return null;
  const scale = Math.max(right - left + 1, bottom - top + 1) / INNER;
  const [centerX, centerY] = [x / mass, y / mass];
  const values = new Uint8Array(DIGIT_SIDE ** 2);
  for (let row = 0; row < DIGIT_SIDE; row++) {
    for (let column = 0; column < DIGIT_SIDE; column++) {
      const from = centerX + (column - DIGIT_SIDE / 2) * scale;
      const above = centerY + (row - DIGIT_SIDE / 2) * scale;
      values[row * DIGIT_SIDE + column] = Math.round(255 * meanOf(ink, side, from, above, scale));
    }
  }
  return { side: DIGIT_SIDE, channels: 1, values };
}

/** The mean over a square; what lies beyond the picture is empty. */
function meanOf(ink: ArrayLike<number>, side: number, left: number, top: number, size: number): number {
  const count = Math.max(1, Math.ceil(size));
  let sum = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const row = Math.floor(top + ((i + 0.5) * size) / count);
      const column = Math.floor(left + ((j + 0.5) * size) / count);
      if (row >= 0 && row < side && column >= 0 && column < side) sum += ink[row * side + column] ?? 0;
    }
  }
  return Math.min(1, sum / count ** 2);
}

/** Dark strokes on bright paper, as a camera sees them, as ink: 0 as bright as the paper, 1 at half its light. */
export function inkOfPaper(light: Float32Array): Float32Array {
  const paper = [...light].sort((a, b) => a - b)[Math.floor(light.length * 0.8)] ?? 1;
  return light.map(value => Math.min(1, Math.max(0, (paper * 0.75 - value) / (paper * 0.25))));
}
