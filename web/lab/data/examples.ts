/** Pictures with classes, to learn from and to be tested on. */
import { randomNumbers } from '../numbers/random.ts';

/** Bytes of a square picture: its channels one after the other, each row by row. */
export interface Picture {
  readonly side: number;
  readonly channels: number;
  readonly values: Uint8Array;
}

export interface Examples {
  readonly count: number;
  /** The class of an example. */
  label(index: number): number;
  picture(index: number): Picture;
}

/** What a network is to learn. */
export interface Task {
  /** Such as "MNIST". */
  readonly name: string;
  /** What else has to be said of it, such as its licence. */
  readonly note: string;
  readonly classes: readonly string[];
  readonly train: Examples;
  readonly test: Examples;
}

/** Pictures that lie one after the other. */
export function packedExamples(
  values: Uint8Array,
  labels: ArrayLike<number>,
  { side, channels }: Omit<Picture, 'values'>,
): Examples {
  const size = channels * side * side;
  return {
    count: labels.length,
    label: index => labels[index] ?? 0,
    picture: index => ({ side, channels, values: values.subarray(index * size, (index + 1) * size) }),
  };
}

/** Pictures that are drawn when they are first asked for: class after class, each by random numbers of its own. */
export function drawnExamples(
  count: number,
  seed: number,
  classes: number,
  draw: (label: number, random: () => number) => Picture,
): Examples {
  const drawn: (Picture | undefined)[] = [];
  const label = (index: number) => index % classes;
  return {
    count,
    label,
    picture: index => {
      const picture = drawn[index] ?? draw(label(index), randomNumbers(seed, index));
      drawn[index] = picture;
      return picture;
    },
  };
}

/** Some of the examples. */
export const someOf = (examples: Examples, indices: readonly number[]): Examples => ({
  count: indices.length,
  label: index => examples.label(indices[index] ?? 0),
  picture: index => examples.picture(indices[index] ?? 0),
});

/** Every fifth is kept for the test. */
const TEST_EVERY = 5;

export function splitExamples(all: Examples): { readonly train: Examples; readonly test: Examples } {
  const indices = Array.from({ length: all.count }, (_, i) => i);
  const isTest = (i: number) => i % TEST_EVERY === TEST_EVERY - 1;
  return {
    train: someOf(
      all,
      indices.filter(i => !isTest(i)),
    ),
    test: someOf(all, indices.filter(isTest)),
  };
}
