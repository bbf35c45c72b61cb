// The plane of MNIST: its network beside the engine's, its slopes, its grid, and two runs whose ends are on it.

import { beforeAll, describe, expect, test } from 'vitest';
import { createEvaluator, initialize, type OnnxModel } from '../../../engine/training/index.ts';
import { drawnDigits } from '../../../lab/data/drawn-digits.ts';
import { makePath } from '../../../lab/descent/path.ts';
import { GridSurface, type HeightGrid } from '../../../lab/descent/plane/grid-surface.ts';
import {
  buildNetwork,
  type Digits,
  gatherDigits,
  makePlanePerceptron,
  scaleOf,
} from '../../../lab/descent/plane/network.ts';
import { PerceptronLoss } from '../../../lab/descent/plane/perceptron-loss.ts';
import { makePlane, type Plane, project } from '../../../lab/descent/plane/plane.ts';
import { planeSurface, viewOf } from '../../../lab/descent/plane/plane-surface.ts';
import { type Run, trainRun } from '../../../lab/descent/plane/run.ts';

import { RACERS } from '../../../lab/descent/racers.ts';
import { makeSettings, rateOf } from '../../../lab/descent/settings.ts';
import type { OptimizerName } from '../../../lab/network/optimizers.ts';
import { learnedNames } from '../../../lab/network/weights.ts';
import { randomNumbers } from '../../../lab/numbers/random.ts';

const EXAMPLES = 100;
const STEPS = 30;
const SEED = 3;

let digits: Digits;
let model: OnnxModel;
let runs: Record<'sgd' | 'muon', Run>;
let plane: Plane;
let loss: PerceptronLoss;

const train = (optimizer: OptimizerName, rate: number, seed = SEED) =>
  trainRun({
    model,
    digits,
    optimizer,
    rate,
    steps: STEPS,
    seed,
    signal: new AbortController().signal,
    onStep: () => undefined,
  });

const endOf = ({ weights }: Run): Float32Array => weights.at(-1) ?? new Float32Array();

beforeAll(async () => {
  const { train: all } = drawnDigits();
  digits = await gatherDigits('Drawn digits', { ...all, count: EXAMPLES }, async () => undefined);
  model = await initialize(buildNetwork(digits), { seed: SEED });
  runs = { sgd: await train('sgd', 0.1), muon: await train('muon', 0.01) };
  plane = makePlane(runs.sgd.weights[0] ?? new Float32Array(), endOf(runs.sgd), endOf(runs.muon));
  loss = new PerceptronLoss(makePlanePerceptron(plane, digits, scaleOf(model)));
});

/** The mean cross-entropy of the whole network at a place, by the engine. */
async function engineLoss(x: number, y: number): Promise<number> {
  const evaluator = await createEvaluator(model, { batch: EXAMPLES });
  const flat = plane.origin.map((one, i) => one + x * (plane.axes[0][i] ?? 0) + y * (plane.axes[1][i] ?? 0));
  let at = 0;
  const weights = new Map(
    learnedNames(model).map(name => {
      const size = model.constants.get(name)?.dims.reduce((a, b) => a * b, 1) ?? 0;
      at += size;
      return [name, flat.slice(at - size, at)];
    }),
  );
  const inputs = new Map([[model.inputs[0]?.name ?? '', digits.pixels]]);
  const scores = [...(await evaluator.run(inputs, weights)).values()][0] ?? new Float32Array();
  evaluator.destroy();
  let sum = 0;
  digits.labels.forEach((label, i) => {
    const own = scores.subarray(10 * i, 10 * i + 10);
    sum += Math.log(own.reduce((total, score) => total + Math.exp(score), 0)) - (own[label] ?? 0);
  });
  return sum / EXAMPLES;
}

describe('the loss on the plane', () => {
  test('is that of the whole network, as the engine computes it', async () => {
    const { ends } = plane;
    for (const [x, y] of [[0, 0], ...ends, [1.5, -0.7]] as const) {
      const expected = await engineLoss(x, y);
      expect(Math.abs(loss.value(x, y) / expected - 1), `at ${x}, ${y}`).toBeLessThan(1e-4);
    }
  });

  test('is high at the start, and low at both ends', () => {
    const [first, second] = plane.ends;
    expect(loss.value(...first)).toBeLessThan(0.5 * loss.value(0, 0));
    expect(loss.value(...second)).toBeLessThan(0.5 * loss.value(0, 0));
  });

  test('has the slope of its height', () => {
    const slope = new Float64Array(2);
    const all = Array.from({ length: EXAMPLES }, (_, i) => i);
    const random = randomNumbers(5);
    const h = 1e-5;
    for (let i = 0; i < 10; i++) {
      const [x, y] = [4 * random() - 1, 4 * random() - 1];
      loss.gradient(x, y, all, slope, 0);
      const byX = (loss.value(x + h, y) - loss.value(x - h, y)) / (2 * h);
      const byY = (loss.value(x, y + h) - loss.value(x, y - h)) / (2 * h);
      // A hidden unit may be cut off within h.
      expect(Math.hypot((slope[0] ?? 0) - byX, (slope[1] ?? 0) - byY)).toBeLessThan(
        1e-3 * (1 + Math.hypot(byX, byY)),
      );
    }
  });

  test('slopes of single examples have their mean, in any order', () => {
    const [all, one, sum] = [new Float64Array(2), new Float64Array(2), new Float64Array(2)];
    const order = Array.from({ length: EXAMPLES }, (_, i) => EXAMPLES - 1 - i);
    loss.gradient(0.4, 0.3, order, all, 0);
    for (const example of order) {
      loss.gradient(0.4, 0.3, [example], one, 0);
      for (const axis of [0, 1]) sum[axis] = (sum[axis] ?? 0) + (one[axis] ?? 0) / EXAMPLES;
    }
    expect(sum[0]).toBeCloseTo(all[0] ?? 0, 12);
    expect(sum[1]).toBeCloseTo(all[1] ?? 0, 12);
  });
});

describe('the plane', () => {
  test('has axes of length 1 at a right angle, in the scale of the weights', () => {
    const dot = (a: Float32Array, b: Float32Array) =>
      a.reduce((total, value, i) => total + value * (b[i] ?? 0), 0);
    const [x, y] = plane.axes;
    expect(dot(x, x)).toBeCloseTo(1, 5);
    expect(dot(y, y)).toBeCloseTo(1, 5);
    expect(dot(x, y)).toBeCloseTo(0, 5);
  });

  test('has the start and both ends of the runs on it, and the way between beside it', () => {
    for (const [i, run] of [runs.sgd, runs.muon].entries()) {
      const end = project(plane, endOf(run));
      const size = Math.hypot(...end.place);
      expect(end.away / size).toBeLessThan(1e-3);
      expect(end.place[0]).toBeCloseTo(plane.ends[i]?.[0] ?? 0, 4);
      expect(end.place[1]).toBeCloseTo(plane.ends[i]?.[1] ?? 0, 4);
      const middle = project(plane, run.weights[run.weights.length >> 1] ?? new Float32Array());
      expect(middle.away).toBeGreaterThan(1e-3 * size);
    }
  });

  test('needs ends that are not on one line with the start', () => {
    const [start, end] = [plane.origin, endOf(runs.sgd)];
    const between = start.map((value, i) => (value + (end[i] ?? 0)) / 2);
    expect(() => makePlane(start, end, end)).toThrow('lie on one line');
    expect(() => makePlane(start, between, end)).toThrow('lie on one line');
    expect(() => makePlane(start, start, end)).toThrow('lie on one line');
  });

  test('has everything in view, in the scale of both directions', () => {
    const [[left, right], [bottom, top]] = viewOf(plane);
    for (const [x, y] of [[0, 0], ...plane.ends] as const) {
      expect(x).toBeGreaterThan(left);
      expect(x).toBeLessThan(right);
      expect(y).toBeGreaterThan(bottom);
      expect(y).toBeLessThan(top);
    }
    expect((right - left) / (top - bottom)).toBeCloseTo(1.6, 10);
  });
});

test('the same seed gives the same run to the bit, and another one another', async () => {
  expect(endOf(await train('sgd', 0.1))).toEqual(endOf(runs.sgd));
  expect(endOf(await train('sgd', 0.1, SEED + 1))).not.toEqual(endOf(runs.sgd));
});

test('a run that is stopped rejects', async () => {
  const stop = new AbortController();
  const run = trainRun({
    model,
    digits,
    optimizer: 'sgd',
    rate: 0.1,
    steps: 1000,
    seed: 0,
    signal: stop.signal,
    onStep: () => stop.abort(),
  });
  await expect(run).rejects.toThrow();
});

/** A surface with known slopes, on a grid. */
const VIEW = [
  [-2, 4],
  [-1, 3],
] as const;
const height = (x: number, y: number) => 1 + Math.sin(x) * y + 0.5 * (x - 1) ** 2 + y * y;

function sample(
  value: (x: number, y: number) => number,
  view: typeof VIEW | ReturnType<typeof viewOf>,
  columns: number,
  rows: number,
): HeightGrid {
  const [[left, right], [bottom, top]] = view;
  const heights = new Float64Array((columns + 1) * (rows + 1));
  for (let row = 0, i = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++, i++) {
      heights[i] = value(left + ((right - left) * column) / columns, bottom + ((top - bottom) * row) / rows);
    }
  }
  return { columns, rows, heights };
}

describe('a surface of heights on a grid', () => {
  const surface = new GridSurface(sample(height, VIEW, 112, 70), VIEW);
  const places = Array.from({ length: 60 }, (_, i) => {
    const random = randomNumbers(9, i);
    return [-2 + 6 * random(), -1 + 4 * random()] as const;
  });

  test('has the heights and slopes of what it is a grid of', () => {
    const slope = new Float64Array(2);
    for (const [x, y] of places) {
      expect(surface.value(x, y)).toBeCloseTo(height(x, y), 2);
      surface.gradient(x, y, slope, 0);
      expect(slope[0]).toBeCloseTo(Math.cos(x) * y + x - 1, 1);
      expect(slope[1]).toBeCloseTo(Math.sin(x) + 2 * y, 1);
    }
  });

  test('has the slope of its own height', () => {
    const slope = new Float64Array(2);
    const h = 1e-6;
    for (const [x, y] of places) {
      surface.gradient(x, y, slope, 0);
      expect(slope[0]).toBeCloseTo((surface.value(x + h, y) - surface.value(x - h, y)) / (2 * h), 5);
      expect(slope[1]).toBeCloseTo((surface.value(x, y + h) - surface.value(x, y - h)) / (2 * h), 5);
    }
  });

  test('has a lowest place, where it is flat, and a curvature', () => {
    const [x, y] = surface.lowest();
    const slope = new Float64Array(2);
    surface.gradient(x, y, slope, 0);
    expect(Math.hypot(...slope)).toBeLessThan(1e-5);
    for (const place of places) expect(surface.value(...place)).toBeGreaterThanOrEqual(surface.value(x, y));
    // The larger eigenvalue of [[1 - y sin x, cos x], [cos x, 2]].
    const [xx, xy, yy] = [1 - y * Math.sin(x), Math.cos(x), 2];
    const expected = (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
    expect(surface.curvatureAt([x, y])).toBeCloseTo(expected, 1);
  });

  test('is infinite where nothing is known, and whoever goes there stays out', () => {
    expect(surface.value(4.01, 0)).toBe(Number.POSITIVE_INFINITY);
    const slope = new Float64Array(2);
    surface.gradient(0, -1.01, slope, 0);
    expect([...slope]).toEqual([Number.NaN, Number.NaN]);
  });
});

test('racers on the plane come down, and mini-batches follow the mean of their digits', () => {
  const view = viewOf(plane);
  const surface = planeSurface(
    sample((x, y) => loss.value(x, y), view, 56, 35),
    view,
    [],
    loss,
  );
  expect(surface.count).toBe(EXAMPLES);
  const [grid, network] = [new Float64Array(2), new Float64Array(2)];
  const all = Array.from({ length: EXAMPLES }, (_, i) => i);
  for (const [x, y] of [[0, 0], ...plane.ends] as const) {
    surface.gradient(x, y, grid, 0);
    surface.sampleGradient(x, y, all, network, 0);
    const apart = Math.hypot((grid[0] ?? 0) - (network[0] ?? 0), (grid[1] ?? 0) - (network[1] ?? 0));
    expect(apart, `the slope at ${x}, ${y}`).toBeLessThan(0.1);
  }
  const settings = makeSettings();
  settings.set({ on: 'mnist' });
  for (const racer of RACERS) {
    const { losses } = makePath({
      surface,
      optimizer: racer.make(0.9),
      rate: rateOf(settings, racer, surface),
      start: surface.start,
      steps: 150,
      sample: racer.sample,
      batch: 16,
      noise: 0,
      seed: 1,
    });
    expect(losses.at(-1), racer.name).toBeLessThan(0.05 * (losses[0] ?? 0));
  }
});
