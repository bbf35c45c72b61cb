// The tab Descent beside `limner lab descent`: the same surfaces, racers and rates, the command in the box, and the paths that
// torch comes to (tests/onnx_cases/descent.py).

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lineSurface } from '../../../lab/descent/line-surface.ts';
import { makePath } from '../../../lab/descent/path.ts';
import { RACERS, type SurfaceName } from '../../../lab/descent/racers.ts';
import { makeSettings, pythonCommand, rateOf } from '../../../lab/descent/settings.ts';
import {
  beale,
  himmelblau,
  type Point,
  ravine,
  rosenbrock,
  type Surface,
  saddle,
  startOn,
} from '../../../lab/descent/surface.ts';
import { CACHE } from '../../cases.ts';

interface Cases {
  readonly examples: readonly [x: number[], y: number[]];
  readonly racers: readonly Pick<(typeof RACERS)[number], 'name' | 'label' | 'sample' | 'colors' | 'dash'>[];
  readonly rates: readonly { on: SurfaceName; k: number; rates: Record<string, number> }[];
  readonly surfaces: readonly {
    readonly name: SurfaceName;
    readonly view: readonly (readonly [number, number])[];
    readonly start: Point;
    readonly minima: readonly Point[];
    readonly least: number;
    readonly points: readonly Point[];
    readonly values: readonly number[];
    readonly slopes: readonly Point[];
  }[];
  readonly races: readonly {
    readonly address: string;
    readonly command: string;
    readonly on: SurfaceName;
    readonly k: number;
    readonly steps: number;
    readonly paths: readonly { name: string; points: readonly Point[]; losses: readonly number[] }[];
  }[];
}

const { examples, racers, rates, surfaces, races }: Cases = JSON.parse(
  readFileSync(`${CACHE}/descent.json`, 'utf8'),
);
const line = lineSurface({ x: Float64Array.from(examples[0]), y: Float64Array.from(examples[1]) });
const FIXED = { saddle, beale, rosenbrock, himmelblau, cars: line } as const;

function surfaceOf(name: SurfaceName, k: number): Surface {
  if (name === 'mnist') throw new Error('Python has no plane of MNIST.');
  return name === 'ravine' ? ravine(k) : FIXED[name];
}

/** The difference, as a part of numbers that are above 1. */
const apart = (a: number | undefined, b: number) =>
  Math.abs((a ?? Number.NaN) - b) / Math.max(1, Math.abs(b));

describe.each(surfaces)('the surface $name', given => {
  const surface = surfaceOf(given.name, 8);

  test('has Python’s view, start and minima', () => {
    const numbers = (
      one: Pick<Surface, 'start' | 'minima' | 'least'> & { view: Cases['surfaces'][0]['view'] },
    ) => [...one.view, one.start, ...one.minima, [one.least]].flat();
    const [ours, theirs] = [numbers(surface), numbers(given)];
    expect(ours.length).toBe(theirs.length);
    theirs.forEach((value, i) => {
      expect(apart(ours[i], value)).toBeLessThan(1e-12);
    });
  });

  test('has the values and slopes of Python’s formula', () => {
    const slope = new Float64Array(2);
    expect(given.points.length).toBe(20);
    given.points.forEach(([x, y], i) => {
      surface.gradient(x, y, slope, 0);
      expect(apart(surface.value(x, y), given.values[i] ?? Number.NaN)).toBeLessThan(1e-12);
      expect(apart(slope[0], given.slopes[i]?.[0] ?? Number.NaN)).toBeLessThan(1e-12);
      expect(apart(slope[1], given.slopes[i]?.[1] ?? Number.NaN)).toBeLessThan(1e-12);
    });
  });
});

test('the racers are Python’s, with their colours and dashes', () => {
  expect(
    RACERS.map(({ name, label, sample, colors, dash }) => ({ name, label, sample, colors, dash })),
  ).toEqual(racers);
});

test.each(rates)('the usual rates on the $on are Python’s, with k = $k', ({ on, k, rates }) => {
  const settings = makeSettings();
  settings.set({ on, k });
  const ours = RACERS.map(racer => [racer.name, rateOf(settings, racer, surfaceOf(on, k))]);
  expect(Object.fromEntries(ours)).toEqual(rates);
});

describe.each(races)('the race $address', ({ address, command, on, k, steps, paths }) => {
  const settings = makeSettings();
  settings.read(new URLSearchParams(address));
  const surface = surfaceOf(on, k);

  test('has the command that Python repeats it by', () => {
    expect(pythonCommand(settings, surface)).toBe(command);
  });

  test.each(paths)('$name goes where torch’s goes', ({ name, points, losses }) => {
    const racer = RACERS.find(one => one.name === name);
    if (!racer) throw new Error(name);
    const { values } = settings;
    const path = makePath({
      surface,
      optimizer: racer.make(values.m),
      rate: rateOf(settings, racer, surface),
      start: startOn(surface, values.start),
      steps: values.steps,
      sample: racer.sample,
      batch: values.batch,
      noise: values.noise,
      seed: values.seed,
    });
    expect(values.steps).toBe(steps);
    expect(points.length).toBeGreaterThan(2);
    points.forEach(([x, y], step) => {
      expect(apart(path.points[2 * step], x), `x after step ${step}`).toBeLessThan(1e-6);
      expect(apart(path.points[2 * step + 1], y), `y after step ${step}`).toBeLessThan(1e-6);
      expect(apart(path.losses[step], losses[step] ?? Number.NaN), `loss after step ${step}`).toBeLessThan(
        1e-6,
      );
    });
    // Python ends a path where it leaves the range of numbers.
    if (points.length <= steps) expect(path.losses[points.length]).not.toBeLessThan(1e300);
  });
});

describe('no command', () => {
  test.each(['on=mnist', 'who='])('for %s', query => {
    const settings = makeSettings();
    settings.read(new URLSearchParams(query));
    expect(pythonCommand(settings, ravine(50))).toBeNull();
  });

  test('while the surface is not known', () => {
    expect(pythonCommand(makeSettings(), null)).toBeNull();
  });
});
