// How a training on WebGL2 is cut into slices, on a GPU whose clock the test turns.

import { expect, test } from 'vitest';
import { FencePace } from '../../engine/training/fence-pace.ts';
import type { SliceTimer } from '../../engine/training/fence-timer.ts';
import { type Slice, StepSlices } from '../../engine/training/step-slices.ts';

/** Milliseconds between two looks at a fence. */
const POLL_MS = 4;

/** A GPU that does one slice after the other, and takes that long for each draw. */
class FakeGpu implements SliceTimer {
  now = 0;
  /** When it is done with all that it was given. */
  #busyUntil = 0;
  #drawn = 0;
  /** Milliseconds of each flush, and how much was queued when it came. */
  readonly flushes: { readonly slice: Slice; readonly cost: number; readonly queued: number }[] = [];
  #slice: Slice = [0, 0];

  constructor(
    readonly costs: readonly number[],
    readonly hasTimers: boolean,
    /** Milliseconds until it tells that it is done. */
    readonly late = 0,
  ) {}

  readonly draw = (slice: Slice): void => {
    this.#slice = slice;
    this.#drawn += slice[1] - slice[0];
  };

  get steps(): number {
    return this.#drawn / this.costs.length;
  }

  run(draw: () => void) {
    draw();
    const cost = this.costs.slice(...this.#slice).reduce((a, b) => a + b, 0);
    this.flushes.push({ slice: this.#slice, cost, queued: Math.max(0, this.#busyUntil - this.now) });
    const end = Math.max(this.now, this.#busyUntil) + cost;
    this.#busyUntil = end;
    return {
      isDone: () => this.now >= end + this.late,
      done: async () => {
        while (this.now < end + this.late) this.now += POLL_MS;
      },
      finish: () => (this.hasTimers ? cost : null),
    };
  }
}

async function train(gpu: FakeGpu, guess: number, steps: number): Promise<FencePace> {
  const slices = new StepSlices(Array(gpu.costs.length).fill(guess), gpu.late);
  const pace = new FencePace(slices, gpu, () => gpu.now);
  for (let step = 0; step < steps; step++) await pace.draw(gpu.draw);
  await pace.finished();
  expect(gpu.steps).toBe(steps);
  return pace;
}

/** Draws of half a millisecond to six. */
const DRAWS = Array.from({ length: 30 }, (_, i) => [6, 0.5, 2, 0.5, 3, 1][i % 6] ?? 1);

test.each([true, false])('slices are held to eight milliseconds (timers: %s)', async hasTimers => {
  for (const guess of [0.01, 20]) {
    const gpu = new FakeGpu(DRAWS, hasTimers);
    await train(gpu, guess, 60);
    const late = gpu.flushes.slice(-40);
    // A poll that comes late tells slices apart only by whole polls.
    const most = hasTimers ? 9 : 8 + POLL_MS;
    for (const { cost, slice } of late)
      expect(slice[1] - slice[0] === 1 ? 0 : cost, `${slice}`).toBeLessThanOrEqual(most);
    // And they are not much smaller than that: as few flushes as are needed.
    const total = DRAWS.reduce((a, b) => a + b, 0);
    const perStep = late.length / (late.reduce((sum, { cost }) => sum + cost, 0) / total);
    expect(perStep).toBeLessThanOrEqual(2 * Math.ceil(total / 8));
  }
});

test('slices of a GPU that tells late are not taken for shorter than they are', async () => {
  const gpu = new FakeGpu(DRAWS, false, 8);
  await train(gpu, 20, 60);
  for (const { cost, slice } of gpu.flushes.slice(-40)) {
    expect(slice[1] - slice[0] === 1 ? 0 : cost, `${slice}`).toBeLessThanOrEqual(8 + POLL_MS);
  }
});

test.each([true, false])('a GPU has little queued, but is never idle (timers: %s)', async hasTimers => {
  const gpu = new FakeGpu(DRAWS, hasTimers);
  await train(gpu, 1, 60);
  const late = gpu.flushes.slice(-40);
  for (const { queued } of late) expect(queued).toBeLessThanOrEqual(16);
  expect(late.filter(({ queued }) => queued > 0).length).toBeGreaterThan(late.length * 0.6);
});

test('short steps are one flush each, a few of them ahead', async () => {
  const gpu = new FakeGpu(Array(30).fill(0.01), true);
  await train(gpu, 5, 100);
  const late = gpu.flushes.slice(-50);
  expect(late.every(({ slice }) => `${slice}` === '0,30')).toBe(true);
  expect(late.some(({ queued }) => queued > 1)).toBe(true);
});

test('a draw that takes longer than a slice is a slice of its own', async () => {
  const gpu = new FakeGpu([1, 1, 40, 1, 1], true);
  await train(gpu, 1, 30);
  const long = gpu.flushes.slice(-9).filter(({ cost }) => cost > 30);
  expect(long.length).toBeGreaterThan(0);
  for (const { slice } of long) expect(`${slice}`).toBe('2,3');
});
