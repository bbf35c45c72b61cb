// The watchdog: what it takes for a fault and what not, when it looks, and what follows from a fault.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { faultIn, faultOf } from '../../engine/fault.ts';
import { readLook } from '../../engine/look.ts';
import type { Painter } from '../../engine/painter.ts';
import { lastingPainter } from '../../engine/revival.ts';
import { Watchdog } from '../../engine/watchdog.ts';
import { tinyLook } from '../tiny.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const look = await readLook(tinyLook());

/** A painter whose painting is what `paints` makes of the picture. */
function painterOf(paints: (picture: Float32Array) => Float32Array): Painter {
  return {
    info: look.info,
    backend: 'webgpu',
    adapter: 'test',
    statistics: { dispatches: 1, pipelines: 1, bufferBytes: 1 },
    canvas: null,
    attachGuide: () => undefined,
    set: () => undefined,
    paint: vi.fn(),
    run: async inputs => ({ painting: paints(inputs.image ?? new Float32Array()) }),
    finished: async () => undefined,
    destroy: vi.fn(),
  };
}

const honest = (picture: Float32Array): Float32Array => picture.map(value => 1 - value);
const broken = (picture: Float32Array): Float32Array => picture.map((_, i) => (i === 7 ? Number.NaN : 0.5));
const dead = (picture: Float32Array): Float32Array => picture.map(() => 0);

test('NaN, infinity and nothing but zeros are faults; dark paintings are none', async () => {
  expect(faultIn(Float32Array.of(0, 0.5, Number.NaN))).toMatch(/NaN/);
  expect(faultIn(Float32Array.of(0, Number.POSITIVE_INFINITY))).toMatch(/NaN/);
  expect(faultIn(new Float32Array(12))).toMatch(/zeros/);
  expect(faultIn(Float32Array.of(0, 0, 1e-6))).toBeNull();
  expect(await faultOf(look, painterOf(honest))).toBeNull();
  expect(await faultOf(look, painterOf(broken))).toMatch(/NaN.*\.$/);
  const refuses = { ...painterOf(honest), run: () => Promise.reject(new Error('lost')) };
  expect(await faultOf(look, refuses)).toBeNull();
});

test('a covered camera and sliders at their ends are no fault: the picture and the live values are its own', async () => {
  const given: Record<string, Float32Array>[] = [];
  const painter: Painter = {
    ...painterOf(honest),
    run: async inputs => {
      given.push(inputs);
      return { painting: honest(inputs.image ?? new Float32Array()) };
    },
  };
  expect(await faultOf(look, painter)).toBeNull();
  expect(given[0]?.brightness).toEqual(Float32Array.of(0));
  expect(given[0]?.contrast).toEqual(Float32Array.of(1));
  expect(new Set(given[0]?.image).size).toBeGreaterThan(4);
});

test('it looks a second after the first painting, then every two minutes while there is painting', async () => {
  const check = vi.fn(async () => undefined);
  const watchdog = new Watchdog(check);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(check).toHaveBeenCalledTimes(0);
  for (let i = 0; i < 60; i++) watchdog.painted();
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(check).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(check).toHaveBeenCalledTimes(1);
  watchdog.painted();
  await vi.advanceTimersByTimeAsync(119_000);
  expect(check).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(check).toHaveBeenCalledTimes(2);
  watchdog.painted();
  watchdog.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(check).toHaveBeenCalledTimes(2);
});

/** A lasting painter whose painters are made one after the other. */
async function lasting(
  paints: readonly ((picture: Float32Array) => Float32Array)[],
  pauses = [0, 1000],
  upkeep = true,
) {
  const made: Painter[] = [];
  const careful: boolean[] = [];
  const [reasons, revived]: [string[], number[]] = [[], []];
  const painter = await lastingPainter(look, {
    make: async (_, isCareful) => {
      careful.push(isCareful);
      const next = painterOf(paints[made.length] ?? honest);
      made.push(next);
      return next;
    },
    pauses,
    upkeep,
    onLost: reason => reasons.push(reason),
    onRevived: milliseconds => revived.push(milliseconds),
  });
  painter.paint({ width: 64, height: 64 } as HTMLCanvasElement);
  return { painter, made, careful, reasons, revived };
}

test('a painter that fails once is made anew, with care, and that is all', async () => {
  const { made, careful, reasons, revived } = await lasting([broken, honest]);
  await vi.advanceTimersByTimeAsync(3000);
  expect([made.length, revived.length, reasons.length]).toEqual([2, 1, 0]);
  expect(careful).toEqual([false, true]);
  expect(made[0]?.destroy).toHaveBeenCalled();
  expect(made[1]?.paint).toHaveBeenCalled();
});

test.each([
  ['numbers', broken, 'NaN'],
  ['paintings', dead, 'zeros'],
] as const)('a GPU that gives no %s again is given up with a sentence, once', async (_, paints, word) => {
  const { painter, made, reasons } = await lasting([paints, paints]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(made).toHaveLength(2);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toContain(word);
  expect(reasons[0]).toMatch(/\.$/);
  painter.paint({ width: 64, height: 64 } as HTMLCanvasElement);
  expect(made[1]?.paint).toHaveBeenCalledTimes(1);
});

test('on a shared device a fault is only reported', async () => {
  const { made, reasons } = await lasting([broken], []);
  await vi.advanceTimersByTimeAsync(3000);
  expect([made.length, reasons.length]).toEqual([1, 1]);
});

test('without upkeep nobody looks', async () => {
  const { made, reasons } = await lasting([broken], [0, 1000], false);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(200_000);
  expect([made.length, reasons.length]).toEqual([1, 0]);
});
