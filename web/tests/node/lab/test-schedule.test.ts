// When a classifier is tested, and what is shown of a test, with an evaluator whose answers and times the test chooses.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvaluator, type Evaluator } from '../../../engine/training/index.ts';
import type { InputForm } from '../../../lab/classifier/input-form.ts';
import { type RunState, TestSchedule } from '../../../lab/classifier/test-schedule.ts';
import type { Examples, Task } from '../../../lab/data/examples.ts';
import { buildClassifier, OUTPUT } from '../../../lab/network/classifiers.ts';

vi.mock(import('../../../engine/training/index.ts'), async importOriginal => ({
  ...(await importOriginal()),
  createEvaluator: vi.fn(),
}));

const COUNT = 400;
const BATCH_MS = 10;
const RIGHT = new Map([['is right', Float32Array.of(1)]]);
const WRONG = new Map([['is right', Float32Array.of(0)]]);

const examples: Examples = {
  count: COUNT,
  label: index => index % 2,
  picture: index => ({ side: 1, channels: 1, values: Uint8Array.of(index % 2) }),
};
const task: Task = { name: 'Two classes', note: '', classes: ['a', 'b'], train: examples, test: examples };
const form: InputForm = {
  dims: [2],
  write: (to, offset, { values: [label = 0] }) => to.set([1 - label, label], offset),
  isPictures: false,
};
const model = buildClassifier({ net: 'linear', units: 1 }, [2], 2);

let time = 0;
let runs = 0;
/** Called before each batch is answered. */
let onRun: () => void = () => undefined;

/** Gives the class, or the other one, as the weights say. */
function makeEvaluator(): Evaluator {
  let isRight = false;
  return {
    run: async (inputs, weights) => {
      onRun();
      runs++;
      time += BATCH_MS;
      if (weights) isRight = weights.get('is right')?.[0] === 1;
      const [values = new Float32Array()] = inputs.values();
      return new Map([[OUTPUT, isRight ? values : values.map(value => 1 - value)]]);
    },
    destroy: () => undefined,
  };
}

class Run implements RunState {
  step = 10;
  weights: RunState['weights'] = RIGHT;
  isPlaying = false;
  isTrained = false;
}

function begin(run: RunState | null): { tests: TestSchedule; errors: unknown[] } {
  const errors: unknown[] = [];
  const tests = new TestSchedule(
    () => run,
    () => undefined,
    error => errors.push(error),
  );
  tests.begin(task, form, model);
  return { tests, errors };
}

beforeEach(() => {
  time = 1000;
  runs = 0;
  onRun = () => undefined;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  vi.mocked(createEvaluator)
    .mockReset()
    .mockImplementation(async () => makeEvaluator());
});
afterEach(() => vi.restoreAllMocks());

test('standing still, all test pictures are tested, and once', async () => {
  const { tests } = begin(new Run());
  await tests.test();
  await tests.test();
  expect(tests.points).toEqual([{ step: 10, share: 1, count: COUNT }]);
  expect(tests.answers).toHaveLength(COUNT);
  expect(runs).toBe(COUNT / 25);
});

test('a trained start alone is tested before the first step', async () => {
  const run = Object.assign(new Run(), { step: 0 });
  const { tests } = begin(run);
  await tests.test();
  expect(tests.points).toEqual([]);
  run.isTrained = true;
  await tests.test();
  expect(tests.points).toEqual([{ step: 0, share: 1, count: COUNT }]);
  // So it is where the run begins anew.
  tests.restart();
  expect(tests.points).toEqual([]);
  await tests.test();
  expect(tests.points).toEqual([{ step: 0, share: 1, count: COUNT }]);
});

test('a run that goes on is tested on a few, and nothing is left of the test of all', async () => {
  const run = new Run();
  const { tests } = begin(run);
  await tests.test();
  Object.assign(run, { isPlaying: true, step: 20, weights: WRONG });
  await tests.test();
  expect(tests.points.at(-1)).toEqual({ step: 20, share: 0, count: 200 });
  expect(tests.answers).toHaveLength(200);
  expect(tests.answers.every(({ found }, i) => found !== i % 2)).toBe(true);
});

test('tests take at most 15 % of the time while it plays', async () => {
  const run = Object.assign(new Run(), { isPlaying: true });
  const { tests } = begin(run);
  await tests.test();
  const took = 8 * BATCH_MS;
  const end = time;
  expect(tests.points).toHaveLength(1);
  run.step = 20;
  time = end + took / 0.15 - 1;
  await tests.test();
  expect(tests.points).toHaveLength(1);
  time = end + 701;
  await tests.test();
  expect(tests.points).toHaveLength(2);
});

test('a long test of all does not put off those of the run after it', async () => {
  const run = new Run();
  const { tests } = begin(run);
  onRun = () => {
    time += 1000;
  };
  await tests.test();
  Object.assign(run, { isPlaying: true, step: 20 });
  await tests.test();
  expect(tests.points.map(({ step }) => step)).toEqual([10, 20]);
});

test('a run that begins anew within a test stops it, and has none of its answers', async () => {
  const run = new Run();
  const { tests } = begin(run);
  onRun = () => {
    if (runs !== 3) return;
    Object.assign(run, { step: 0, weights: WRONG });
    tests.restart();
  };
  await tests.test();
  expect(runs).toBe(4);
  expect([tests.points, tests.answers]).toEqual([[], []]);
  // The next run of the same length is tested, though the step is the same.
  run.step = 10;
  await tests.test();
  expect(tests.points).toEqual([{ step: 10, share: 0, count: COUNT }]);
});

test('another network within a test is tested in its place', async () => {
  const run = new Run();
  const { tests } = begin(run);
  onRun = () => {
    if (runs !== 3) return;
    run.weights = WRONG;
    tests.begin(task, form, model);
  };
  await tests.test();
  expect(tests.points).toEqual([{ step: 10, share: 0, count: COUNT }]);
  expect(createEvaluator).toHaveBeenCalledTimes(2);
});

test('newer weights within a test of all stop it, and are tested', async () => {
  const run = new Run();
  const { tests } = begin(run);
  onRun = () => {
    if (runs === 3) Object.assign(run, { step: 11, weights: WRONG });
  };
  await tests.test();
  expect(tests.points).toEqual([{ step: 11, share: 0, count: COUNT }]);
  expect(runs).toBe(4 + COUNT / 25);
});

test('an evaluator that cannot be made is said once, and another try may go better', async () => {
  vi.mocked(createEvaluator).mockRejectedValueOnce(new Error('no worker'));
  const { tests, errors } = begin(new Run());
  await tests.test();
  expect(errors).toEqual([new Error('no worker')]);
  expect(tests.points).toEqual([]);
  await tests.test();
  expect(tests.points).toEqual([{ step: 10, share: 1, count: COUNT }]);
  expect(errors).toHaveLength(1);
});

test('what fails while it plays is not tried at every step', async () => {
  vi.mocked(createEvaluator).mockRejectedValue(new Error('no worker'));
  const run = Object.assign(new Run(), { isPlaying: true });
  const { tests, errors } = begin(run);
  for (run.step = 11; run.step < 20; run.step++) await tests.test();
  expect(errors).toHaveLength(1);
});
