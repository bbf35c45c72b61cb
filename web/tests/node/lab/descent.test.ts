// The tab Descent: its surfaces, its optimizers beside the engine's, its paths, and theory's border on its heat map.

import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../../engine/cpu/expression.ts';
import { input } from '../../../engine/graph/ir/expression.ts';
import { makeTensor } from '../../../engine/graph/ir/tensor.ts';
import { type Optimizer, sgd } from '../../../engine/training/index.ts';
import { drawTable, rangeOf, toUnit } from '../../../lab/data/table.ts';
import {
  DIVERGED,
  heatMapRow,
  type MomentumForm,
  momentaOf,
  ratesAround,
} from '../../../lab/descent/heat-map.ts';
import { lineSurface } from '../../../lab/descent/line-surface.ts';
import { gradientCloud, makePath } from '../../../lab/descent/path.ts';
import { RACERS, type RacerName } from '../../../lab/descent/racers.ts';
import { Stepper } from '../../../lab/descent/stepper.ts';
import {
  beale,
  himmelblau,
  ravine,
  rosenbrock,
  type Surface,
  saddle,
  startOn,
} from '../../../lab/descent/surface.ts';
import { fastest, stableRate } from '../../../lab/descent/theory.ts';
import { normal, randomNumbers } from '../../../lab/numbers/random.ts';

const table = drawTable();
const unit = (values: Float64Array) => values.map(value => toUnit(rangeOf(values), value));
const line = lineSurface({ x: unit(table.x), y: unit(table.y) });
const SURFACES = { ravine: ravine(100), saddle, beale, rosenbrock, himmelblau, line } as const;

describe.each(Object.entries<Surface>(SURFACES))('the surface %s', (_, surface) => {
  test('has the slope of its height', () => {
    const random = randomNumbers(3);
    const [[left, right], [bottom, top]] = surface.view;
    const slope = new Float64Array(2);
    for (let i = 0; i < 50; i++) {
      const [x, y] = [left + (right - left) * random(), bottom + (top - bottom) * random()];
      surface.gradient(x, y, slope, 0);
      const h = 1e-5;
      const byX = (surface.value(x + h, y) - surface.value(x - h, y)) / (2 * h);
      const byY = (surface.value(x, y + h) - surface.value(x, y - h)) / (2 * h);
      const size = 1 + Math.abs(byX) + Math.abs(byY);
      expect(Math.abs((slope[0] ?? 0) - byX) / size).toBeLessThan(1e-6);
      expect(Math.abs((slope[1] ?? 0) - byY) / size).toBeLessThan(1e-6);
    }
  });

  test('is flat and least at its minima, which are in view, as is the start', () => {
    const slope = new Float64Array(2);
    for (const [x, y] of surface.minima) {
      surface.gradient(x, y, slope, 0);
      expect(Math.hypot(...slope)).toBeLessThan(1e-9);
      expect(surface.value(x, y)).toBeCloseTo(surface.least, 12);
    }
    for (const point of [surface.start, ...surface.minima]) {
      point.forEach((value, axis) => {
        const [least = 0, most = 0] = surface.view[axis as 0 | 1];
        expect(value).toBeGreaterThan(least);
        expect(value).toBeLessThan(most);
      });
    }
  });
});

test('the curvature of the line is that of its examples', () => {
  const { most, least } = line.curvature ?? { most: 0, least: 0 };
  // The trace and the determinant of the second derivatives, by differences of the slope.
  const slope = (x: number, y: number) => {
    const out = new Float64Array(2);
    line.gradient(x, y, out, 0);
    return out;
  };
  const [origin, byW, byB] = [slope(0, 0), slope(1, 0), slope(0, 1)];
  const at = (to: Float64Array, i: number) => (to[i] ?? 0) - (origin[i] ?? 0);
  expect(most + least).toBeCloseTo(at(byW, 0) + at(byB, 1), 10);
  expect(most * least).toBeCloseTo(at(byW, 0) * at(byB, 1) - at(byW, 1) * at(byB, 0), 10);
});

test('the mean over all batches of an epoch is the gradient of all examples', () => {
  const [sum, all] = [new Float64Array(2), new Float64Array(2)];
  const cloud = gradientCloud({ surface: line, batch: 16, noise: 0, seed: 5, start: [0.3, 0.1] }, 'batch', 5);
  for (let i = 0; i < cloud.length; i++) sum[i % 2] = (sum[i % 2] ?? 0) + (cloud[i] ?? 0) / 5;
  line.gradient(0.3, 0.1, all, 0);
  expect(table.x.length).toBe(80);
  expect(sum[0]).toBeCloseTo(all[0] ?? 0, 12);
  expect(sum[1]).toBeCloseTo(all[1] ?? 0, 12);
});

/** The engine's own evaluation of an optimizer, which trains networks on the CPU. */
function engineSteps(optimizer: Optimizer, rate: number, stream: readonly Float64Array[]): Float64Array {
  const tensor = makeTensor('weight', [2]);
  const weight = new Float64Array([0.7, -0.3]);
  const gradient = new Float64Array(2);
  const slots = optimizer.slots.map(({ initial }) => new Float64Array(2).fill(initial));
  const live = new Float64Array(optimizer.scalars(1, 0).length);
  const update = optimizer.update({
    weight: input(0),
    gradient: input(1),
    slots: slots.map((_, i) => input(i + 2)),
    scalars: Array.from(live, (_, index) => ({ kind: 'live', index })),
  });
  const stages = [update.weight, ...update.slots].map((value, i) => {
    const made = new Float64Array(2);
    const inputs = [weight, gradient, ...slots].map(array => ({ tensor, array }));
    const run = compileExpression(value, { output: tensor, made, inputs, live });
    return { run, made, to: i === 0 ? weight : (slots[i - 1] ?? weight) };
  });
  stream.forEach((values, step) => {
    gradient.set(values);
    live.set(optimizer.scalars(step + 1, rate));
    for (const { run } of stages) run();
    for (const { made, to } of stages) to.set(made);
  });
  return weight;
}

test.each(RACERS.map(racer => [racer.name, racer] as const))(
  '%s steps as the engine does, to the bit',
  (_, racer) => {
    const random = randomNumbers(7);
    const stream = Array.from({ length: 50 }, () => Float64Array.of(normal(random), normal(random)));
    const optimizer = racer.make(0.9);
    const stepper = new Stepper(optimizer, Float64Array.of(0.7, -0.3), new Float64Array(2).fill(0.05));
    for (const values of stream) {
      stepper.gradients.set(values);
      stepper.step();
    }
    expect([...stepper.weights]).toEqual([...engineSteps(optimizer, 0.05, stream)]);
  },
);

/** Settings with which each arrives: the racer, its rate, the momentum and the steps that it gets. */
const ARRIVALS: readonly (readonly [keyof typeof SURFACES, RacerName, number, number, number])[] = [
  ['ravine', 'batch', 0.0198, 0, 2000],
  [
    'ravine',
    'momentum',
    fastest({ most: 100, least: 1 }).rate,
    fastest({ most: 100, least: 1 }).momentum,
    150,
  ],
  ['ravine', 'nesterov', 0.01, 0.8, 400],
  ['ravine', 'adagrad', 0.5, 0, 150],
  ['saddle', 'batch', 0.2, 0, 150],
  ['saddle', 'momentum', 0.05, 0.5, 400],
  ['beale', 'nesterov', 0.01, 0.9, 1500],
  ['rosenbrock', 'momentum', 0.001, 0.95, 3000],
  ['himmelblau', 'adam', 0.1, 0, 2000],
  ['line', 'momentum', 0.5, 0.8, 400],
];

test.each(ARRIVALS)('on the %s, %s arrives within a millionth', (name, racerName, rate, momentum, steps) => {
  const surface: Surface = SURFACES[name];
  const racer = RACERS.find(one => one.name === racerName);
  if (!racer) throw new Error(racerName);
  const { points } = makePath({
    surface,
    optimizer: racer.make(momentum),
    rate,
    start: surface.start,
    steps,
    sample: racer.sample,
    batch: 16,
    noise: 0,
    seed: 1,
  });
  const [x = 0, y = 0] = points.slice(-2);
  const apart = surface.minima.map(([atX, atY]) => Math.hypot(x - atX, y - atY));
  expect(Math.min(...apart)).toBeLessThan(1e-6);
});

describe('stochastic paths', () => {
  const path = (seed: number) =>
    makePath({
      surface: line,
      optimizer: RACERS[2]?.make(0) as Optimizer,
      rate: 0.1,
      start: line.start,
      steps: 100,
      sample: 'one',
      batch: 1,
      noise: 0,
      seed,
    });
  test('are the same for the same seed, and others for another', () => {
    expect([...path(1).points]).toEqual([...path(1).points]);
    expect([...path(2).points]).not.toEqual([...path(1).points]);
  });
});

const [COLUMNS, ROWS] = [56, 40];

/** The first column of a row from which on all diverge, as a number of columns. */
const borderOf = (cells: Int16Array): number => {
  let column = cells.length;
  while (column > 0 && cells[column - 1] === DIVERGED) column--;
  return column;
};

const FORMS: readonly MomentumForm[] = ['momentum', 'nesterov'];
const CONDITIONS = [1, 4, 50, 300, 1000] as const;

test.each(FORMS.flatMap(form => CONDITIONS.map(k => [form, k] as const)))(
  'the border of divergence that is measured is that of theory, within a cell: %s, condition %i',
  (form, k) => {
    const surface = ravine(k);
    const rates = ratesAround(2 / k, COLUMNS);
    const momenta = momentaOf(ROWS);
    const cell = Math.log((rates[1] ?? 1) / (rates[0] ?? 1));
    // Plain descent is momentum 0.
    for (const momentum of [0, ...momenta]) {
      const cells = heatMapRow({ surface, start: surface.start, form, rates, momenta }, momentum);
      const stable = stableRate(surface.curvature ?? { most: 1, least: 1 }, momentum, form);
      // Columns are centred on their rates: the border lies before the first column that diverges.
      const expected = Math.log(stable / (rates[0] ?? 1)) / cell + 0.5;
      expect(Math.abs(borderOf(cells) - expected), `momentum ${momentum}`).toBeLessThanOrEqual(1);
    }
  },
);

test('theory’s fastest setting is the fastest in the long run', () => {
  const surface = ravine(50);
  const best = fastest({ most: 50, least: 1 });
  /** The loss after many steps. One start may favour a setting; the slower of two directions decides in the end. */
  const lossAfter = (rate: number, momentum: number) => {
    const optimizer = sgd({ momentum });
    const common = { surface, optimizer, rate, start: surface.start, steps: 400 } as const;
    const { losses } = makePath({ ...common, sample: 'all', batch: 1, noise: 0, seed: 0 });
    return Math.max(...losses.slice(-20));
  };
  const least = lossAfter(best.rate, best.momentum);
  for (const factor of [0.8, 0.9, 1.1])
    expect(lossAfter(best.rate * factor, best.momentum)).toBeGreaterThan(least);
  for (const more of [-0.1, -0.05, 0.05, 0.1])
    expect(lossAfter(best.rate, best.momentum + more)).toBeGreaterThan(least);
});

test('ten paths of 150 steps take less than a frame', () => {
  const race = () => {
    const begin = performance.now();
    for (const racer of RACERS.slice(0, 10)) {
      makePath({
        surface: line,
        optimizer: racer.make(0.9),
        rate: racer.rates.cars,
        start: line.start,
        steps: 150,
        sample: racer.sample,
        batch: 16,
        noise: 0,
        seed: 1,
      });
    }
    return performance.now() - begin;
  };
  // The fastest of some, since the machine may be busy.
  expect(Math.min(...Array.from({ length: 20 }, race))).toBeLessThan(16);
});

test('a start that a surface does not show is not taken over from another', () => {
  const surface = ravine(50);
  expect(startOn(surface, null)).toEqual(surface.start);
  expect(startOn(surface, [2.6, -1.3])).toEqual([2.6, -1.3]);
  expect(startOn(surface, [2.6, -1.4])).toEqual(surface.start);
  expect(startOn(surface, [-4, 0])).toEqual(surface.start);
});
