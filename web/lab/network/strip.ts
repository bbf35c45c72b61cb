/** Numbers as a picture of cells: blue below zero, orange above it, apart for all eyes. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { currentTheme } from '../shell/theme.ts';

type Color = readonly [number, number, number];

/** Negative, zero, positive. */
const COLORS: Readonly<Record<'dark' | 'light', readonly [Color, Color, Color]>> = {
  dark: [
    [86, 180, 233],
    [29, 27, 24],
    [255, 157, 59],
  ],
  light: [
    [0, 114, 178],
    [253, 250, 244],
    [192, 95, 0],
  ],
};

export function signColor(part: number): Color {
  const [negative, zero, positive] = COLORS[currentTheme()];
  const end = part < 0 ? negative : positive;
  const share = Math.min(1, Math.abs(part));
  const mix = (i: 0 | 1 | 2) => zero[i] + (end[i] - zero[i]) * share;
  return [mix(0), mix(1), mix(2)];
}

/** Draws rows x columns of numbers, as colours of -most to most, into a rectangle. */
export function drawMatrix(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  most: number,
  [left, top, width, height]: readonly [number, number, number, number],
): void {
  const canvas = makeElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const own = getContext2d(canvas);
  const image = own.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    image.data.set([...signColor((values[i] ?? 0) / (most || 1)), 255], 4 * i);
  }
  own.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, left, top, width, height);
}

export const largest = (values: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most;
};
