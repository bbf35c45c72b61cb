// How `limner bench everywhere` times runs in the browser.

import { expect, test } from 'vitest';
import { takeTurn } from '../../bench/everywhere/turn.ts';
import { median } from '../../shared/measurement.ts';

const REQUEST = { samples: 12, milliseconds: 60_000, runMs: 10, clockStep: 0.001 };

test('times are those of known sleeps', async () => {
  const slept: number[] = [];
  const run = async () => {
    const start = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    slept.push(performance.now() - start);
  };
  const { times, runs } = await takeTurn(run, REQUEST);
  expect([times.length, runs, slept.length]).toEqual([12, 12, 12]);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(10);
  // A sleep lasts longer on a busy machine; the loop must add nothing to what it took.
  expect(Math.abs(median(times) - median(slept))).toBeLessThan(2);
  // As many as begin within the time, but one at least.
  expect((await takeTurn(run, { ...REQUEST, milliseconds: 0 })).runs).toBe(1);
});

test('runs that are too short for the clock are timed together', async () => {
  let [time, done] = [0, 0];
  const run = async () => {
    time += 0.3;
    done++;
  };
  const coarse = () => Math.floor(time * 10) / 10;
  // The last run seemed to take no time, so the first sample has the most runs, and the others 50 steps of 0.1 ms.
  const turn = await takeTurn(run, { ...REQUEST, samples: 5, runMs: 0, clockStep: 0.1 }, coarse);
  expect(turn.times).toHaveLength(5);
  expect(turn.runs).toBe(1000 + 4 * 17);
  expect(turn.runs).toBe(done);
  for (const one of turn.times) expect(Math.abs(one - 0.3)).toBeLessThan(0.3 * 0.02);
  expect(turn.milliseconds).toBeCloseTo(0.3 * done, 0);
});
