/** The picture below the trails: heights of a surface as bands, and lines of equal height. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import type { Surface } from './surface.ts';

/** Cells of the grid on which heights are known, on the longer side. */
const CELLS = 128;
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
  const levels = Float64Array.from(heights, level);
  const stride = columns + 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const i = row * stride + column;
      const [a = 0, b = 0, c = 0, d = 0] = [
        levels[i],
        levels[i + 1],
        levels[i + stride + 1],
        levels[i + stride],
      ];
      const first = Math.ceil(Math.min(a, b, c, d) * BANDS);
      const last = Math.floor(Math.max(a, b, c, d) * BANDS);
      for (let band = Math.max(1, first); band <= last; band++) {
        traceCell(path, column, row, [a, b, c, d], band / BANDS);
      }
    }
  }
  return path;
}

/** The corners of a cell in turn, from the top left on. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

function traceCell(
  path: Path2D,
  column: number,
  row: number,
  corners: readonly number[],
  height: number,
): void {
  let isDown = false;
  for (let side = 0; side < 4; side++) {
    const [from = 0, to = 0] = [corners[side], corners[(side + 1) % 4]];
    if (from < height === to < height) continue;
    const [x = 0, y = 0] = CORNERS[side] ?? [];
    const [nextX = 0, nextY = 0] = CORNERS[(side + 1) % 4] ?? [];
    const part = (height - from) / (to - from);
    const [atX, atY] = [column + x + (nextX - x) * part, row + y + (nextY - y) * part];
    if (isDown) path.lineTo(atX, atY);
    else path.moveTo(atX, atY);
    isDown = !isDown;
  }
}
