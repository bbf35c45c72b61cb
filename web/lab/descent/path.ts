/** The path of one optimizer over a surface: where it is after each step, and the loss there. */
import type { Optimizer } from '../../engine/training/index.ts';
import { epochOrder } from '../network/batches.ts';
import { normal, randomNumbers } from '../numbers/random.ts';
import type { Sample } from './racers.ts';
import { Stepper } from './stepper.ts';
import type { Point, SampledSurface, Surface } from './surface.ts';

export interface Path {
  /** x and y of each step, from the start on. */
  readonly points: Float64Array;
  /** How far the loss is above its least. */
  readonly losses: Float64Array;
}

export interface PathOptions {
  readonly surface: Surface | SampledSurface;
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly start: Point;
  readonly steps: number;
  readonly sample: Sample;
  /** Examples of a batch. */
  readonly batch: number;
  /** The deviation of one example's gradient, on surfaces that are no mean over examples. */
  readonly noise: number;
  readonly seed: number;
}

const isSampled = (surface: Surface | SampledSurface): surface is SampledSurface =>
  'sampleGradient' in surface;

/** Writes the gradient of step `step` that the sample has. */
export type SampledGradient = (point: Point, step: number, out: Float64Array, at: number) => void;

export function sampledGradient(
  options: Omit<PathOptions, 'optimizer' | 'rate' | 'start' | 'steps'>,
): SampledGradient {
  const { surface, sample, batch, noise, seed } = options;
  const full: SampledGradient = ([x, y], _, out, at) => surface.gradient(x, y, out, at);
  if (sample === 'all') return full;
  const size = sample === 'one' ? 1 : batch;
  if (isSampled(surface)) {
    const { count } = surface;
    if (size >= count) return full;
    const order = epochOrder(count, size, seed);
    return ([x, y], step, out, at) => surface.sampleGradient(x, y, order(step), out, at);
  }
  const deviation = noise / Math.sqrt(size);
  return (point, step, out, at) => {
    full(point, step, out, at);
    const random = randomNumbers(seed, step);
    out[at] = (out[at] ?? 0) + deviation * normal(random);
    out[at + 1] = (out[at + 1] ?? 0) + deviation * normal(random);
  };
}

/** Steps after which a path that is under way may be left for later. */
const STEPS_OF_A_TASK = 20;

/** Computes the path, and yields now and then on the way. */
export function* walkPath(options: PathOptions): Generator<void, Path> {
  const { surface, optimizer, rate, start, steps } = options;
  const gradient = sampledGradient(options);
  const stepper = new Stepper(optimizer, Float64Array.from(start), new Float64Array(2).fill(rate));
  const { weights, gradients } = stepper;
  const points = new Float64Array(2 * (steps + 1));
  const losses = new Float64Array(steps + 1);
  for (let step = 0; step <= steps; step++) {
    const [x = 0, y = 0] = weights;
    points.set(weights, 2 * step);
    losses[step] = surface.value(x, y) - surface.least;
    if (step === steps) break;
    gradient([x, y], step, gradients, 0);
    stepper.step();
    if (step % STEPS_OF_A_TASK === STEPS_OF_A_TASK - 1) yield;
  }
  return { points, losses };
}

/** Computes the whole path in one go. */
export function makePath(options: PathOptions): Path {
  const walk = walkPath(options);
  let result = walk.next();
  while (!result.done) result = walk.next();
  return result.value;
}

export type CloudContent = Pick<PathOptions, 'surface' | 'batch' | 'noise' | 'seed' | 'start'>;

/** Gradients of batches at the start, as x and y. */
export function gradientCloud(content: CloudContent, sample: Sample, count: number): Float64Array {
  const gradient = sampledGradient({ ...content, sample });
  const found = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) gradient(content.start, i, found, 2 * i);
  return found;
}
