/** Ten digits drawn with a pen: what the tab Digits learns from until MNIST is fetched. The strokes, and what a hand does to
 * them, are those of `limner lab digits --drawn`; the random numbers are the page's own. */
import { normal } from '../numbers/random.ts';
import { drawnTask } from './drawn-task.ts';
import type { Task } from './examples.ts';

export const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
export const DIGIT_SIDE = 28;
/** Short straight pieces that a digit's strokes are drawn with. */
const PIECES = 48;

/** The digits' forms; which one is drawn is chance. A slash separates strokes, commas separate points `x y`, in hundredths of a
 * digit's height from its centre, x to the right and y down. A point that comes twice is a corner. */
const FORMS: readonly (readonly string[])[] = [
  [
    '5 -48, -24 -30, -30 5, -20 40, 4 48, 26 30, 30 -5, 20 -40, 3 -48',
    '12 -42, -20 -36, -30 0, -22 38, 6 46, 27 20, 26 -25, 0 -50',
  ],
  ['0 -50, 0 0, 0 50', '-17 -30, 4 -48, 4 -48, 3 0, 2 50', '-18 -28, 2 -48, 2 -48, 2 48 / -20 48, 24 48'],
  [
    '-26 -28, -10 -47, 14 -46, 24 -25, 8 8, -28 46, -28 46, 30 45',
    '-26 -25, -6 -48, 22 -36, 16 -2, -10 34, -27 40, -20 22, 2 34, 30 46',
  ],
  [
    '-24 -36, 0 -49, 21 -34, 12 -10, -6 -4, -6 -4, 20 6, 25 30, 4 48, -26 36',
    '-24 -46, 22 -46, 22 -46, -4 -8, -4 -8, 22 6, 22 36, -2 48, -26 36',
  ],
  ['-16 -46, -26 6, -26 6, 30 4 / 16 -34, 14 10, 12 50', '14 50, 14 -48, 14 -48, -30 16, -30 16, 32 16'],
  [
    '26 -46, -18 -46, -18 -46, -22 -8, -22 -8, 10 -10, 27 14, 12 44, -26 42',
    '-16 -42, -20 -6, 10 -8, 24 18, 6 46, -24 38 / -16 -44, 28 -48',
  ],
  [
    '18 -48, -12 -22, -26 16, -10 46, 18 42, 24 16, 4 0, -20 16',
    '4 -50, -20 -10, -22 30, 2 48, 22 28, 10 4, -16 16, -20 30',
  ],
  ['-28 -44, 26 -44, 26 -44, 8 0, -6 50', '-28 -40, 26 -46, 26 -46, 6 4, -6 50 / -14 4, 24 0'],
  [
    '16 -36, -6 -48, -22 -30, 0 -4, 24 22, 8 47, -18 42, -22 18, 6 -8, 22 -30, 10 -46',
    '0 -4, -20 -20, -12 -45, 12 -45, 20 -20, 0 -2, -24 20, -14 46, 14 46, 24 20, 0 -2',
  ],
  [
    '20 -26, 6 -48, -18 -38, -20 -10, 0 2, 20 -20, 21 -30, 18 10, 10 50',
    '22 -32, -2 -48, -22 -26, -8 -2, 16 -10, 22 -36, 22 -36, 20 14, 4 46, -18 40',
  ],
];

type Point = readonly [x: number, y: number];
type Random = () => number;

const between = (random: Random, least: number, most: number): number => least + (most - least) * random();

/** Bytes of 28 x 28 pixels, white on black. */
function drawDigit(digit: number, random: Random): Uint8Array {
  const forms = FORMS[digit] ?? [];
  const strokes = (forms[Math.floor(random() * forms.length)] ?? '')
    .split('/')
    .map(stroke => shake(parseStroke(stroke), random));
  const toPixels = makeHand(random);
  const thickness = between(random, 0.8, 1.75);
  const pressure = between(random, 0.8, 1);
  const lengths = strokes.map(lengthOf);
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  const squares = new Float32Array(DIGIT_SIDE ** 2).fill(Infinity);
  strokes.forEach((stroke, i) => {
    const count = Math.max(2, Math.round((PIECES * (lengths[i] ?? 0)) / whole));
    const path = Array.from({ length: count + 1 }, (_, at) => toPixels(smooth(stroke, at / count)));
    for (let at = 0; at < count; at++) {
      measure(squares, path[at] ?? [0, 0], path[at + 1] ?? [0, 0], thickness + 1);
    }
  });
  // An edge as soft as that of a scanned and shrunk digit.
  return Uint8Array.from(squares, square => {
    const ink = Math.min(1, Math.max(0, (thickness - Math.sqrt(square)) / 1.2 + 0.5));
    return Math.round(255 * ink * pressure);
  });
}

const parseStroke = (stroke: string): Point[] =>
  stroke.split(',').map(point => {
    const [x = 0, y = 0] = point.trim().split(' ').map(Number);
    return [x / 100, y / 100];
  });

/** Each point is moved a little; the two points of a corner stay together. */
function shake(stroke: readonly Point[], random: Random): Point[] {
  let move: Point = [0, 0];
  return stroke.map(([x, y], i) => {
    const before = stroke[i - 1];
    if (before?.[0] !== x || before[1] !== y) move = [0.025 * normal(random), 0.025 * normal(random)];
    return [x + move[0], y + move[1]];
  });
}

const lengthOf = (stroke: readonly Point[]): number =>
  stroke.reduce((sum, [x, y], i) => {
    const [fromX, fromY] = stroke[i - 1] ?? [x, y];
    return sum + Math.hypot(x - fromX, y - fromY);
  }, 0);

/** The point of a Catmull-Rom spline through the stroke, at 0..1 of the way. */
function smooth(stroke: readonly Point[], way: number): Point {
  const at = way * (stroke.length - 1);
  const left = Math.min(Math.floor(at), stroke.length - 2);
  const t = at - left;
  const points = [-1, 0, 1, 2].map(i => stroke[Math.min(stroke.length - 1, Math.max(0, left + i))] ?? [0, 0]);
  const along = (axis: 0 | 1): number => {
    const [a = 0, b = 0, c = 0, d = 0] = points.map(point => point[axis]);
    return (
      (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3) / 2
    );
  };
  return [along(0), along(1)];
}

/** What the hand does to the whole digit: from the digit to pixels. */
function makeHand(random: Random): (point: Point) => Point {
  const height = between(random, 16.5, 20.5);
  const width = height * between(random, 0.9, 1.3);
  const slant = 0.12 + 0.16 * normal(random);
  const turn = 0.08 * normal(random);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [left, top] = [DIGIT_SIDE / 2 + 0.6 * normal(random), DIGIT_SIDE / 2 + 0.6 * normal(random)];
  return ([x, y]) => {
    const across = width * x - slant * height * y;
    const down = height * y;
    return [left + cos * across - sin * down, top + sin * across + cos * down];
  };
}

/** Brings the squares of distances down to those from the piece, near to it. */
function measure(squares: Float32Array, [x0, y0]: Point, [x1, y1]: Point, reach: number): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const most = DIGIT_SIDE - 1;
  const first = (a: number, b: number) => Math.max(0, Math.floor(Math.min(a, b) - reach));
  const last = (a: number, b: number) => Math.min(most, Math.ceil(Math.max(a, b) + reach));
  for (let row = first(y0, y1); row <= last(y0, y1); row++) {
    for (let column = first(x0, x1); column <= last(x0, x1); column++) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = Math.min(1, Math.max(0, (x * dx + y * dy) / Math.max(dx * dx + dy * dy, 1e-6)));
      const square = (x - along * dx) ** 2 + (y - along * dy) ** 2;
      const at = row * DIGIT_SIDE + column;
      if (square < (squares[at] ?? 0)) squares[at] = square;
    }
  }
}

export const drawnDigits = (): Task =>
  drawnTask('Drawn digits', DIGITS, { side: DIGIT_SIDE, channels: 1, draw: drawDigit });
