/** The perceptron whose loss the plane shows, its weights as one vector, and its examples. */
import type { OnnxModel } from '../../../engine/training/index.ts';
import { sizeOf, writePicture } from '../../data/batch-values.ts';
import type { Examples } from '../../data/examples.ts';
import { buildClassifier } from '../../network/classifiers.ts';
import { learnedNames, valuesOf } from '../../network/weights.ts';
import type { Linear, PlanePerceptron } from './perceptron-loss.ts';
import type { Plane } from './plane.ts';

/** Both runs learn from so many digits, and the map is their loss over the same ones. */
const EXAMPLES = 1000;
export const HIDDEN = 16;
const CLASSES = 10;

export interface Digits {
  /** Such as "MNIST". */
  readonly name: string;
  readonly side: number;
  /** The pictures one after the other, 0..1. */
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

export const buildNetwork = ({ side }: Digits): OnnxModel =>
  buildClassifier({ net: 'perceptron', units: HIDDEN }, [1, side, side], CLASSES);

/** Digits are drawn when they are first asked for, so that some at a time are enough for a task of the page. */
const DIGITS_OF_A_TASK = 20;

export async function gatherDigits(
  name: string,
  examples: Examples,
  nextTask: () => Promise<void>,
): Promise<Digits> {
  const count = Math.min(EXAMPLES, examples.count);
  const first = examples.picture(0);
  const size = sizeOf(first);
  const [pixels, labels] = [new Float32Array(count * size), new Uint8Array(count)];
  for (let i = 0; i < count; i++) {
    if (i % DIGITS_OF_A_TASK === DIGITS_OF_A_TASK - 1) await nextTask();
    writePicture(pixels, i * size, examples.picture(i));
    labels[i] = examples.label(i);
  }
  return { name, side: first.side, pixels, labels };
}

/** All learned weights one after the other, in the order of the model's constants. */
export function flatten(model: OnnxModel, weights: ReadonlyMap<string, Float32Array>): Float32Array {
  const parts = learnedNames(model).map(name => weights.get(name) ?? new Float32Array());
  const flat = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  return flat;
}

/** The weights that a model has, flat. */
export const flattenModel = (model: OnnxModel): Float32Array =>
  flatten(
    model,
    new Map(
      learnedNames(model).map(name => {
        const constant = model.constants.get(name);
        return [name, constant ? valuesOf(constant) : new Float32Array()];
      }),
    ),
  );

/** What the loss on a plane is computed of. It takes a tenth of a second: for a worker. `mean` and `deviation` are those that
 * the network takes off its pixels. */
export function makePlanePerceptron(
  { origin, axes }: Pick<Plane, 'origin' | 'axes'>,
  { pixels, labels }: Pick<Digits, 'pixels' | 'labels'>,
  [mean, deviation]: readonly [number, number],
): PlanePerceptron {
  const count = labels.length;
  const size = pixels.length / count;
  const scaled = pixels.map(value => (value - mean) / deviation);
  const vectors = [origin, ...axes];
  // The order of `flatten`: weight and bias of the hidden layer, then those of the last one.
  const second = HIDDEN * size + HIDDEN;
  const linear = (make: (vector: Float32Array) => Float32Array) => vectors.map(make) as unknown as Linear;
  const sumsOf = (vector: Float32Array) => {
    const sums = new Float32Array(count * HIDDEN);
    for (let example = 0; example < count; example++) {
      for (let unit = 0; unit < HIDDEN; unit++) {
        let sum = vector[HIDDEN * size + unit] ?? 0;
        for (let i = 0, at = unit * size, from = example * size; i < size; i++) {
          sum += (vector[at + i] ?? 0) * (scaled[from + i] ?? 0);
        }
        sums[example * HIDDEN + unit] = sum;
      }
    }
    return sums;
  };
  return {
    hidden: HIDDEN,
    classes: CLASSES,
    labels,
    sums: linear(sumsOf),
    weight: linear(vector => vector.slice(second, second + CLASSES * HIDDEN)),
    bias: linear(vector => vector.slice(second + CLASSES * HIDDEN)),
  };
}

/** The mean and the deviation of pixels that a network takes off. */
export const scaleOf = ({ constants }: OnnxModel): readonly [mean: number, deviation: number] => {
  const numberOf = (name: string) => {
    const constant = constants.get(name);
    return (constant ? valuesOf(constant)[0] : undefined) ?? Number.NaN;
  };
  return [numberOf('mean'), numberOf('deviation')];
};
