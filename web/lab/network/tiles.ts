/** Maps and kernels as tiles beside each other: blue below zero, orange above it; or pictures in their own colours. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { signColor } from './strip.ts';

export interface Tiles {
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Values that are full orange, or full blue. */
  readonly most: number;
  /** Each tile is of three planes: red, green and blue, from -most to most. */
  readonly isColor?: boolean;
}

const GAP = 1;
const SHADES = 255;

/** Columns for which tiles are largest in a rectangle. */
export function columnsOf(count: number, wide: number, tall: number): number {
  let [best, columns] = [0, 1];
  for (let own = 1; own <= count; own++) {
    const size = Math.min(wide / own, tall / Math.ceil(count / own));
    if (size > best) {
      best = size;
      columns = own;
    }
  }
  return columns;
}

export function drawTiles(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { values, count, most, isColor = false, ...tile }: Tiles,
): void {
  if (values.length === 0 || count === 0) return;
  const columns = columnsOf(count, width / tile.width, height / tile.height);
  const rows = Math.ceil(count / columns);
  const canvas = makeElement('canvas');
  canvas.width = columns * (tile.width + GAP) - GAP;
  canvas.height = rows * (tile.height + GAP) - GAP;
  const own = getContext2d(canvas);
  const image = own.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = Uint32Array.from({ length: 2 * SHADES + 1 }, (_, i) =>
    signColor(i / SHADES - 1).reduce((bits, part, at) => bits | (Math.round(part) << (8 * at)), 0xff000000),
  );
  const area = tile.width * tile.height;
  const scale = SHADES / (most || 1);
  const shade = (at: number) =>
    Math.min(2 * SHADES, Math.max(0, Math.round(SHADES + (values[at] ?? 0) * scale)));
  for (let index = 0; index < count; index++) {
    const left = (index % columns) * (tile.width + GAP);
    const top = Math.floor(index / columns) * (tile.height + GAP);
    const first = index * area * (isColor ? 3 : 1);
    for (let at = 0; at < area; at++) {
      const to = (top + Math.floor(at / tile.width)) * canvas.width + left + (at % tile.width);
      pixels[to] = isColor
        ? 0xff000000 |
          ((shade(first + at + 2 * area) >> 1) << 16) |
          ((shade(first + at + area) >> 1) << 8) |
          (shade(first + at) >> 1)
        : (colors[shade(first + at)] ?? 0);
    }
  }
  own.putImageData(image, 0, 0);
  const size = Math.min(width / canvas.width, height / canvas.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, canvas.width * size, canvas.height * size);
}
