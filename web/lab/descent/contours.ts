/** The picture below the trails: heights of a surface as bands, and lines of equal height. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import type { Surface } from './surface.ts';

/** Cells of the grid on which heights are known, on the longer side. */
const CELLS = 112;
const BANDS = 18;

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** How far the surface is above its least, (rows + 1) x (columns + 1), from the top left on. */
  readonly heights: Float64Array;
}

export function sampleGrid(surface: Surface, ratio: number): Grid {
  const columns = ratio >= 1 ? CELLS : Math.round(CELLS * ratio);
  const rows = ratio >= 1 ? Math.round(CELLS / ratio) : CELLS;
  const heights = new Float64Array((rows + 1) * (columns + 1));
  const [[left, right], [bottom, top]] = surface.view;
  for (let row = 0, i = 0; row <= rows; row++) {
    const y = top + ((bottom - top) * row) / rows;
    for (let column = 0; column <= columns; column++, i++) {
      heights[i] = surface.value(left + ((right - left) * column) / columns, y) - surface.least;
    }
  }
  return { columns, rows, heights };
}

/** Heights as 0..1: equal steps are equal factors, since valleys are flat. */
export function makeLevels({ heights }: Grid): (height: number) => number {
  let most = 0;
  for (const height of heights) if (height > most) most = height;
  const small = most / 3000;
  const range = Math.log1p(most / small);
  return height => Math.log1p(Math.max(0, height) / small) / range;
}

type Color = readonly [red: number, green: number, blue: number];

export function parseHex(text: string): Color {
  const value = Number.parseInt(text.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A picture of one pixel a cell, from `low` in the valleys to `high`. */
export function drawBands(
  { columns, rows, heights }: Grid,
  level: (height: number) => number,
  low: string,
  high: string,
): HTMLCanvasElement {
  const [from, to] = [parseHex(low), parseHex(high)];
  const canvas = makeElement('canvas');
  canvas.width = columns + 1;
  canvas.height = rows + 1;
  const context = getContext2d(canvas);
  const image = context.createImageData(columns + 1, rows + 1);
  for (let i = 0; i < heights.length; i++) {
    const part = level(heights[i] ?? 0);
    for (let channel = 0; channel < 3; channel++) {
      const [a = 0, b = 0] = [from[channel], to[channel]];
      image.data[4 * i + channel] = a + (b - a) * part;
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Lines of equal height as one path, in cells of the grid: "marching squares" (Lorensen and Cline 1987, in two dimensions). */
export function traceContours({ columns, rows, heights }: Grid, level: (height: number) => number): Path2D {
  const path = new Path2D();
  const levels = Float64Array.from(heights, height => level(height) * BANDS);
  const stride = columns + 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const i = row * stride + column;
      const [a, b, c, d] = [
        levels[i] ?? 0,
        levels[i + 1] ?? 0,
        levels[i + stride + 1] ?? 0,
        levels[i + stride] ?? 0,
      ];
      const first = Math.max(1, Math.ceil(Math.min(a, b, c, d)));
      const last = Math.floor(Math.max(a, b, c, d));
      for (let height = first; height <= last; height++) {
        let isDown = crossSide(path, false, a, b, height, column, row, 1, 0);
        isDown = crossSide(path, isDown, b, c, height, column + 1, row, 0, 1);
        isDown = crossSide(path, isDown, c, d, height, column + 1, row + 1, -1, 0);
        crossSide(path, isDown, d, a, height, column, row + 1, 0, -1);
      }
    }
  }
  return path;
}

/** Begins or ends a line where a side of a cell crosses the height. The side goes from (x, y) along (alongX, alongY).
 * Returns whether a line is begun. */
function crossSide(
  path: Path2D,
  isDown: boolean,
  from: number,
  to: number,
  height: number,
  x: number,
  y: number,
  alongX: number,
  alongY: number,
): boolean {
  if (from < height === to < height) return isDown;
  const part = (height - from) / (to - from);
  if (isDown) path.lineTo(x + alongX * part, y + alongY * part);
  else path.moveTo(x + alongX * part, y + alongY * part);
  return !isDown;
}
