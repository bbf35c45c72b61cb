// How the dispatches of a training step are split into submissions.

import { expect, test } from 'vitest';
import { StepSlices } from '../../engine/training/step-slices.ts';

/** Measures each slice as if every dispatch took that long. */
function measureAll(slices: StepSlices, milliseconds: readonly number[]): void {
  for (const [first, end] of slices.split()) {
    const sum = milliseconds.slice(first, end).reduce((a, b) => a + b, 0);
    slices.measure([[first, end]], sum);
  }
}

test('a slice takes at most eight milliseconds, but holds one dispatch at least', () => {
  const slices = new StepSlices([3, 3, 3, 20, 1, 1], 0);
  expect(slices.split()).toEqual([
    [0, 2],
    [2, 3],
    [3, 4],
    [4, 6],
  ]);
});

test('a step that turns out to be quick becomes one submission', () => {
  const slices = new StepSlices(Array(24).fill(5), 0.5);
  for (let step = 0; step < 8; step++) measureAll(slices, Array(24).fill(0.02));
  expect(slices.split()).toEqual([[0, 24]]);
});

test('a step that turns out to be slow is split where it is slow', () => {
  const slices = new StepSlices([0.1, 0.1, 0.1, 0.1], 0);
  for (let step = 0; step < 10; step++) measureAll(slices, [1, 1, 30, 1]);
  const found = slices.split();
  expect(found.length).toBeGreaterThan(2);
  expect(found).toContainEqual([2, 3]);
});

test('the queue holds steps for the time of a slice, and two at least', () => {
  expect(new StepSlices([4, 10, 20], 0).ahead).toBe(2);
  expect(new StepSlices([1, 1], 0).ahead).toBe(4);
  expect(new StepSlices([0.1], 0).ahead).toBe(80);
  expect(new StepSlices([0.01], 0).ahead).toBe(128);
});
