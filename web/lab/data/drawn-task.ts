/** A task of pictures that the page draws itself, until there are others to learn from. */
import { drawnExamples, type Task } from './examples.ts';

const COUNTS = { train: 10_000, test: 1000 } as const;
/** Test pictures are no training pictures. */
const SEEDS = { train: 1, test: 2 } as const;

export interface Drawing {
  readonly side: number;
  readonly channels: number;
  /** The bytes of a picture of that class. */
  readonly draw: (label: number, random: () => number) => Uint8Array;
}

export function drawnTask(name: string, classes: readonly string[], { side, channels, draw }: Drawing): Task {
  const examples = (split: 'train' | 'test') =>
    drawnExamples(COUNTS[split], SEEDS[split], classes.length, (label, random) => ({
      side,
      channels,
      values: draw(label, random),
    }));
  return {
    name,
    note: 'drawn by this page, with a pen that shakes',
    classes,
    train: examples('train'),
    test: examples('test'),
  };
}
