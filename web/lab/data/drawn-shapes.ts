/** Ten coloured shapes and patterns of 32 pixels: what the tab Pictures learns from until CIFAR-10 is fetched. */
import { drawnTask } from './drawn-task.ts';
import type { Task } from './examples.ts';

const SHAPE_SIDE = 32;

type Random = () => number;
/** Below zero inside the shape; x and y are -1..1 within it. */
type Shape = (x: number, y: number) => number;

const box = (x: number, y: number, wide: number, tall: number): number =>
  Math.max(Math.abs(x) - wide, Math.abs(y) - tall);

const SHAPE_LIST: readonly (readonly [name: string, shape: Shape])[] = [
  ['disc', (x, y) => Math.hypot(x, y) - 0.85],
  ['ring', (x, y) => Math.abs(Math.hypot(x, y) - 0.65) - 0.2],
  ['square', (x, y) => box(x, y, 0.75, 0.75)],
  ['frame', (x, y) => Math.abs(box(x, y, 0.65, 0.65)) - 0.17],
  ['triangle', (x, y) => Math.max(-y - 0.9, y / 2 + Math.abs(x) * 0.9 - 0.45)],
  ['cross', (x, y) => Math.min(box(x, y, 0.9, 0.26), box(x, y, 0.26, 0.9))],
  ['star', (x, y) => Math.hypot(x, y) - 0.6 - 0.3 * Math.cos(5 * Math.atan2(x, -y))],
  ['moon', (x, y) => Math.max(Math.hypot(x, y) - 0.9, 0.75 - Math.hypot(x - 0.45, y))],
  ['stripes', (_, y) => 0.35 * Math.sin(7 * y)],
  ['dots', (x, y) => 0.25 - 0.5 * Math.cos(5.5 * x) * Math.cos(5.5 * y)],
];

const SHAPES = SHAPE_LIST.map(([name]) => name);

/** A hue's colour of a lightness, 0..255. */
function colorOf(hue: number, light: number): readonly number[] {
  return [0, 1 / 3, 2 / 3].map(shift => {
    const wave = 0.5 + 0.5 * Math.cos(2 * Math.PI * (hue - shift));
    return 255 * (light + (wave - 0.5) * 0.7 * Math.min(light, 1 - light) * 2);
  });
}

/** Bytes of 3 x 32 x 32: the shape, turned, moved and coloured at random, before a ground that shades. */
function drawShape(label: number, random: Random): Uint8Array {
  const [, shape = () => 1] = SHAPE_LIST[label] ?? [];
  const scale = 8 + 4 * random();
  const turn = (random() - 0.5) * 0.9;
  const [cos, sin] = [Math.cos(turn) / scale, Math.sin(turn) / scale];
  const [left, top] = [16 + (random() - 0.5) * 8, 16 + (random() - 0.5) * 8];
  const isLight = random() < 0.5;
  const hue = random();
  const ink = colorOf(hue, (isLight ? 0.6 : 0.15) + 0.25 * random());
  const ground = colorOf(hue + 0.25 + 0.5 * random(), (isLight ? 0.15 : 0.6) + 0.25 * random());
  const shade = (random() - 0.5) * 2;
  const values = new Uint8Array(3 * SHAPE_SIDE ** 2);
  for (let row = 0; row < SHAPE_SIDE; row++) {
    for (let column = 0; column < SHAPE_SIDE; column++) {
      const [dx, dy] = [column + 0.5 - left, row + 0.5 - top];
      const inside = Math.min(1, Math.max(0, 0.5 - scale * shape(cos * dx + sin * dy, cos * dy - sin * dx)));
      const light = shade * (row - 16) + (random() - 0.5) * 16;
      for (let channel = 0; channel < 3; channel++) {
        const own = (ink[channel] ?? 0) * inside + (ground[channel] ?? 0) * (1 - inside);
        values[(channel * SHAPE_SIDE + row) * SHAPE_SIDE + column] = Math.min(255, Math.max(0, own + light));
      }
    }
  }
  return values;
}

export const drawnShapes = (): Task =>
  drawnTask('Drawn shapes', SHAPES, { side: SHAPE_SIDE, channels: 3, draw: drawShape });
