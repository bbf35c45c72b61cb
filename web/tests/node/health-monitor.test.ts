// The health monitor: what counts as a fault, when it checks, and how a painter recovers from a fault.

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

/** A painter whose probe finds these values. */
function fakePainter(values: Float32Array): BackendPainter {
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

const healthy = Float32Array.of(0, 0, 0.5, -2);
const broken = Float32Array.of(0, 0.5, Number.NaN, 1);
const zeros = new Float32Array(12);

test('NaN, infinities, only zeros, and an unwritten painting are faults', async () => {
  const written = { isPainted: true };
  expect(diagnoseResult({ ...written, values: broken })).toMatch(/NaN.*\.$/);
  expect(diagnoseResult({ ...written, values: Float32Array.of(0, Number.NEGATIVE_INFINITY) })).toMatch(/NaN/);
  expect(diagnoseResult({ ...written, values: zeros })).toMatch(/zeros.*\.$/);
  expect(diagnoseResult({ ...written, values: healthy })).toBeNull();
  expect(diagnoseResult({ ...written, values: Float32Array.of(0, 0, 1e-6) })).toBeNull();
  // A look with one kernel has no activations.
  expect(diagnoseResult({ ...written, values: new Float32Array() })).toBeNull();
  expect(diagnoseResult({ values: healthy, isPainted: false })).toMatch(/zeros/);
  expect(await diagnose(fakePainter(healthy))).toBeNull();
  expect(await diagnose(fakePainter(broken))).toMatch(/NaN/);
  const failing = { ...fakePainter(healthy), probe: () => Promise.reject(new Error('lost')) };
  expect(await diagnose(failing)).toBeNull();
});

test('the test pattern has many colours and is opaque', () => {
  const picture = testPattern();
  expect(picture).toHaveLength(4 * TEST_PATTERN_SIDE ** 2);
  const colours = Array.from({ length: TEST_PATTERN_SIDE ** 2 }, (_, i) =>
    picture.slice(4 * i, 4 * i + 3).join(),
  );
  expect(new Set(colours).size).toBeGreaterThan(32);
  expect(picture.every((value, i) => i % 4 < 3 || value === 255)).toBe(true);
});

test('it checks one second after the first painting, then every two minutes during painting', async () => {
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

/** A recovering painter whose inner painters have these values one after the other. */
async function recovering(values: readonly Float32Array[], delays = [0, 1000], upkeep = true) {
  const made: BackendPainter[] = [];
  const careful: boolean[] = [];
  const [reasons, revived]: [string[], number[]] = [[], []];
  const painter = await createRecoveringPainter({
    make: async (_, isCareful) => {
      careful.push(isCareful);
      const next = fakePainter(values[made.length] ?? healthy);
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

test('after one fault the painter is recreated with `isCareful`, and no loss is reported', async () => {
  const { made, careful, reasons, revived } = await recovering([broken, healthy]);
  await vi.advanceTimersByTimeAsync(3000);
  expect([made.length, revived.length, reasons.length]).toEqual([2, 1, 0]);
  expect(careful).toEqual([false, true]);
  expect(made[0]?.destroy).toHaveBeenCalled();
  expect(made[1]?.paint).toHaveBeenCalled();
});

test.each([
  ['numbers', broken, 'NaN'],
  ['paintings', zeros, 'zeros'],
] as const)(
  'a GPU that gives no valid %s twice is reported as lost once, with a sentence',
  async (_, values, word) => {
    const { painter, made, reasons } = await recovering([values, values]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made).toHaveLength(2);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(word);
    expect(reasons[0]).toMatch(/\.$/);
    painter.paint({ width: 64, height: 64 } as HTMLCanvasElement);
    expect(made[1]?.paint).toHaveBeenCalledTimes(1);
  },
);

test('on a shared device a fault is reported, and the painter is not recreated', async () => {
  const { made, reasons } = await recovering([broken], []);
  await vi.advanceTimersByTimeAsync(3000);
  expect([made.length, reasons.length]).toEqual([1, 1]);
});

test('without upkeep the health monitor does not run', async () => {
  const { made, reasons } = await recovering([broken], [0, 1000], false);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(200_000);
  expect([made.length, reasons.length]).toEqual([1, 0]);
});
