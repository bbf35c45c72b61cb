// What the tuner makes of what it measures; how it measures on a GPU is for `tests/browser/tuner.test.ts`.

import { expect, test } from 'vitest';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { CONV_CLASSES } from '../../engine/webgpu/tuning/cache.ts';
import { SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { neighbours, tune } from '../../engine/webgpu/tuning/tuner.ts';

const { shapes } = SOFTWARE_CONFIG;
const always = async () => true;

/** Benchmarks that take so long in each configuration, and what was tried; null is a shape that the GPU refuses. */
function benchmarks(msOf: (config: KernelConfig) => number | null) {
  const tried: KernelConfig[] = [];
  const repeats: number[] = [];
  const benchmark = async (_: string, config: KernelConfig) => {
    tried.push(config);
    const ms = msOf(config);
    if (ms === null) return null;
    return async (count: number) => {
      repeats.push(count);
      return ms * count;
    };
  };
  return { tried, repeats, benchmark };
}

test('where the clock stands still runs are few, and all stays as it is', async () => {
  const { repeats, benchmark } = benchmarks(() => 0);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, always)).toEqual(shapes);
  expect(Math.max(...repeats)).toBeLessThanOrEqual(100);
});

test('what is faster by more than noise is found, class by class', async () => {
  const faster = { ...shapes.coarse, wide: 4 };
  const { benchmark } = benchmarks(config =>
    config.shapes.coarse.wide === 4 ? 0.9 : config.shapes.fine.deep === 1 ? 0.97 : 1,
  );
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, always)).toEqual({ ...shapes, coarse: faster });
});

test('a shape that the GPU refuses is passed over, and a class that the look lacks is not known', async () => {
  const [first, second] = neighbours('coarse', shapes.coarse);
  const { benchmark } = benchmarks(({ shapes: now }) => {
    if (now.tiny !== shapes.tiny || now.coarse === first) return null;
    return JSON.stringify(now.coarse) === JSON.stringify(first)
      ? null
      : now.coarse.wide === second?.wide
        ? 0.5
        : 1;
  });
  const found = await tune(SOFTWARE_CONFIG, { heavy: shapes.heavy, fine: shapes.fine }, benchmark, always);
  expect(found?.coarse).toEqual(second);
  const none = benchmarks(() => null);
  expect(await tune(SOFTWARE_CONFIG, {}, none.benchmark, always)).toEqual({});
});

test('what is known is not tried again', async () => {
  const { tried, benchmark } = benchmarks(() => 1);
  const known = { coarse: { ...shapes.coarse, wide: 1 } };
  const found = await tune(SOFTWARE_CONFIG, known, benchmark, always);
  expect(found?.coarse).toEqual(known.coarse);
  expect(Object.keys(found ?? {}).sort()).toEqual([...CONV_CLASSES].sort());
  expect(tried.every(config => config.shapes.coarse === shapes.coarse)).toBe(true);
});

test('a layer that takes long is left as it is, and a page without an idle moment too', async () => {
  const { tried, benchmark } = benchmarks(() => 7);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, always)).toEqual(shapes);
  expect(tried.length).toBe(CONV_CLASSES.length);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, async () => false)).toBeNull();
});
