// The health monitor: what counts as a fault, when it checks, and what follows from a fault.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readLook } from '../../engine/look.ts';
import type { BackendPainter } from '../../engine/painter.ts';
import { HealthMonitor } from '../../engine/recovery/health-monitor.ts';
import { diagnose, diagnoseResult, TEST_PATTERN_SIDE, testPattern } from '../../engine/recovery/probe.ts';
import { createRecoveringPainter } from '../../engine/recovery/recovering-painter.ts';
import { tinyLook } from '../tiny.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const look = await readLook(tinyLook());

/** A painter whose kernels compute those values from the test pattern. */
function painterOf(values: Float32Array): BackendPainter {
  return {
    info: look.info,
    backend: 'webgpu',
    adapter: 'test',
    statistics: { dispatches: 1, pipelines: 1, bufferBytes: 1 },
    canvas: null,
    attachGuide: () => undefined,
    set: () => undefined,
    paint: vi.fn(),
    probe: async () => ({ values, isPainted: true }),
    run: async () => ({}),
    finished: async () => undefined,
    destroy: vi.fn(),
  };
}

const honest = Float32Array.of(0, 0, 0.5, -2);
const broken = Float32Array.of(0, 0.5, Number.NaN, 1);
const dead = new Float32Array(12);

test('NaN, infinity and nothing but zeros are faults, and so is a painting that is not written', async () => {
  const all = { isPainted: true };
  expect(diagnoseResult({ ...all, values: broken })).toMatch(/NaN.*\.$/);
  expect(diagnoseResult({ ...all, values: Float32Array.of(0, Number.NEGATIVE_INFINITY) })).toMatch(/NaN/);
  expect(diagnoseResult({ ...all, values: dead })).toMatch(/zeros.*\.$/);
  expect(diagnoseResult({ ...all, values: honest })).toBeNull();
  expect(diagnoseResult({ ...all, values: Float32Array.of(0, 0, 1e-6) })).toBeNull();
  // A look of one kernel leaves nothing to a next one.
  expect(diagnoseResult({ ...all, values: new Float32Array() })).toBeNull();
  expect(diagnoseResult({ values: honest, isPainted: false })).toMatch(/zeros/);
  expect(await diagnose(painterOf(honest))).toBeNull();
  expect(await diagnose(painterOf(broken))).toMatch(/NaN/);
  const refuses = { ...painterOf(honest), probe: () => Promise.reject(new Error('lost')) };
  expect(await diagnose(refuses)).toBeNull();
});

test('the test pattern has many colours, and is opaque', () => {
  const picture = testPattern();
  expect(picture).toHaveLength(4 * TEST_PATTERN_SIDE ** 2);
  const colours = Array.from({ length: TEST_PATTERN_SIDE ** 2 }, (_, i) =>
    picture.slice(4 * i, 4 * i + 3).join(),
  );
  expect(new Set(colours).size).toBeGreaterThan(32);
  expect(picture.every((value, i) => i % 4 < 3 || value === 255)).toBe(true);
});

test('it looks a second after the first painting, then every two minutes while there is painting', async () => {
  const check = vi.fn(async () => undefined);
  const monitor = new HealthMonitor(check);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(check).toHaveBeenCalledTimes(0);
  for (let i = 0; i < 60; i++) monitor.onPainted();
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(check).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(check).toHaveBeenCalledTimes(1);
  monitor.onPainted();
  await vi.advanceTimersByTimeAsync(119_000);
  expect(check).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(check).toHaveBeenCalledTimes(2);
  monitor.onPainted();
  monitor.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(check).toHaveBeenCalledTimes(2);
});

/** A lasting painter whose painters are made one after the other. */
async function lasting(found: readonly Float32Array[], delays = [0, 1000], upkeep = true) {
  const made: BackendPainter[] = [];
  const careful: boolean[] = [];
  const [reasons, revived]: [string[], number[]] = [[], []];
  const painter = await createRecoveringPainter({
    make: async (_, isCareful) => {
      careful.push(isCareful);
      const next = painterOf(found[made.length] ?? honest);
      made.push(next);
      return next;
    },
    delays,
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
] as const)('a GPU that gives no %s again is given up with a sentence, once', async (_, values, word) => {
  const { painter, made, reasons } = await lasting([values, values]);
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
