/** What the page draws itself, until there are pictures to learn from. */
import { DIGIT_SIDE, drawDigit } from './drawn-digits.ts';
import { drawShape, SHAPE_SIDE, SHAPES } from './drawn-shapes.ts';
import { drawnExamples, type Picture, type Task } from './examples.ts';

const COUNTS = { train: 10_000, test: 1000 } as const;
/** Test pictures are no training pictures. */
const SEEDS = { train: 1, test: 2 } as const;
export const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

function drawnTask(
  name: string,
  classes: readonly string[],
  draw: (label: number, random: () => number) => Picture,
): Task {
  const examples = (split: 'train' | 'test') =>
    drawnExamples(COUNTS[split], SEEDS[split], classes.length, draw);
  return {
    name,
    note: 'drawn by this page, with a pen that shakes',
    classes,
    train: examples('train'),
    test: examples('test'),
  };
}

export const drawnDigits = (): Task =>
  drawnTask('Drawn digits', DIGITS, (label, random) => ({
    side: DIGIT_SIDE,
    channels: 1,
    values: drawDigit(label, random),
  }));

export const drawnShapes = (): Task =>
  drawnTask('Drawn shapes', SHAPES, (label, random) => ({
    side: SHAPE_SIDE,
    channels: 3,
    values: drawShape(label, random),
  }));
