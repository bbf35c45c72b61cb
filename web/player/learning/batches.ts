/** The batches of a training: random parts of examples, which depend on the seed and the step alone. */
import {
  cutWindow,
  type Example,
  paintedPixels,
  randomPatch,
  randomWindow,
  type Size,
  type Window,
} from './example.ts';
import { randomNumbers } from './random.ts';

/** Planes (count, 3, height, width) of 0..1. */
export interface PicturePair {
  readonly shown: Float32Array;
  readonly painted: Float32Array;
}

export type MakeBatch = (step: number, count: number) => PicturePair;

type Choose = (random: () => number, example: number) => Window;

const SEED = 1;

/** Parts as large as a look's picture, for looks that take one size alone. */
export function wholePictures(examples: readonly Example[], size: Size, mayMirror: boolean): MakeBatch {
  const choose: Choose = (random, i) =>
    randomWindow(random, examples[i] ?? size, size.width / size.height, mayMirror);
  return makeBatches(examples, size, choose);
}

/** Squares at the size that they have in the examples. */
export function patches(examples: readonly Example[], side: number): MakeBatch {
  const painted = examples.map(paintedPixels);
  const choose: Choose = (random, i) =>
    randomPatch(random, examples[i] ?? { width: side, height: side }, side, painted[i] ?? Uint32Array.of());
  return makeBatches(examples, { width: side, height: side }, choose);
}

function makeBatches(examples: readonly Example[], out: Size, choose: Choose): MakeBatch {
  const length = 3 * out.width * out.height;
  return (step, count) => {
    const [shown, painted] = [new Float32Array(count * length), new Float32Array(count * length)];
    for (let nth = 0; nth < count; nth++) {
      const random = randomNumbers(SEED, step, nth);
      const index = Math.floor(random() * examples.length);
      const example = examples[index];
      if (!example) continue;
      const window = choose(random, index);
      cutWindow(example.shown, example, window, out, shown, nth * length);
      cutWindow(example.painted, example, window, out, painted, nth * length);
    }
    return { shown, painted };
  };
}
