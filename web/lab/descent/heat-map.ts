/** How many steps momentum needs to converge, for each learning rate and each momentum. */
import { sgd } from '../../engine/training/index.ts';
import { Stepper } from './stepper.ts';
import type { Point, Surface } from './surface.ts';

export type MomentumForm = 'momentum' | 'nesterov';

export interface HeatMapOptions {
  readonly surface: Surface;
  readonly start: Point;
  readonly form: MomentumForm;
  readonly rates: Float64Array;
  readonly momenta: Float64Array;
}

export const MAX_STEPS = 400;
/** Converged: the loss, above its least, is this part of the first one. */
export const TOLERANCE = 1e-3;
/** Diverged: it is so many times the first one. */
const EXPLODED = 1e6;

/** What a cell holds in place of a number of steps. */
export const DIVERGED = -1;
export const NOT_YET = -2;

/** Learning rates around the largest that is stable, `count` of them at equal factors. */
export function ratesAround(stable: number, count: number): Float64Array {
  const [first, last] = [Math.log(stable / 100), Math.log(stable * 4)];
  return Float64Array.from({ length: count }, (_, i) =>
    Math.exp(first + ((last - first) * (i + 0.5)) / count),
  );
}

/** Momenta from 0 to 1: the middles of `count` equal rows. */
export const momentaOf = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => (i + 0.5) / count);

/** One row of the map: all rates at one momentum, in one go. */
export function heatMapRow({ surface, start, form, rates }: HeatMapOptions, momentum: number): Int16Array {
  const { length } = rates;
  const repeated = Float64Array.from({ length: 2 * length }, (_, i) => rates[i >> 1] ?? 0);
  const first = Float64Array.from({ length: 2 * length }, (_, i) => start[i & 1] ?? 0);
  const optimizer = sgd({ momentum, nesterov: form === 'nesterov' && momentum > 0 });
  const stepper = new Stepper(optimizer, first, repeated);
  const { weights, gradients } = stepper;
  const begin = surface.value(...start) - surface.least;
  const cells = new Int16Array(length).fill(NOT_YET);
  let open = length;
  for (let step = 1; step <= MAX_STEPS && open > 0; step++) {
    for (let i = 0; i < length; i++) {
      surface.gradient(weights[2 * i] ?? 0, weights[2 * i + 1] ?? 0, gradients, 2 * i);
    }
    stepper.step();
    for (let i = 0; i < length; i++) {
      if (cells[i] !== NOT_YET) continue;
      const part = (surface.value(weights[2 * i] ?? 0, weights[2 * i + 1] ?? 0) - surface.least) / begin;
      if (part <= TOLERANCE) cells[i] = step;
      else if (!(part < EXPLODED)) cells[i] = DIVERGED;
      else continue;
      open--;
    }
  }
  return cells;
}
