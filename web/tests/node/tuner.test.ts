// The tuner's decisions for given measurements. `tests/browser/tuner.test.ts` tests the measurements on a GPU.

import { expect, test } from 'vitest';
import type { ConvShape, KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { CONV_CLASSES } from '../../engine/webgpu/tuning/cache.ts';
import {
  ADRENO_CONFIG,
  defaultConfig,
  GPU_CONFIG,
  LARGE_GPU_CONFIG,
  MALI_CONFIG,
  SOFTWARE_CONFIG,
} from '../../engine/webgpu/tuning/defaults.ts';
import { neighbours, tune } from '../../engine/webgpu/tuning/tuner.ts';

const { shapes } = SOFTWARE_CONFIG;
const alwaysIdle = async () => true;
const isWide = (shape: ConvShape, wide: number) => shape !== 'gemm' && shape.wide === wide;

/** Fake benchmarks with a given time for each configuration, and a record of the configurations. A time of null means
 * that the GPU refuses the shape. */
function fakeBenchmarks(msOf: (config: KernelConfig) => number | null) {
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

test('with a clock that stands still there are few runs, and shapes do not change', async () => {
  const { repeats, benchmark } = fakeBenchmarks(() => 0);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, alwaysIdle)).toEqual(shapes);
  expect(Math.max(...repeats)).toBeLessThanOrEqual(100);
});

test('the tuner finds shapes that are faster by more than noise, class by class', async () => {
  const faster = { ...shapes.coarse, wide: 4 };
  const { benchmark } = fakeBenchmarks(config =>
    isWide(config.shapes.coarse, 4)
      ? 0.9
      : config.shapes.fine !== 'gemm' && config.shapes.fine.deep === 1
        ? 0.97
        : 1,
  );
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, alwaysIdle)).toEqual({ ...shapes, coarse: faster });
});

test('each class is tried with the shapes that were found for those before it', async () => {
  const [faster] = neighbours('heavy', shapes.heavy);
  const { tried, benchmark } = fakeBenchmarks(config => (config.shapes.heavy === shapes.heavy ? 1 : 0.5));
  const found = await tune(SOFTWARE_CONFIG, {}, benchmark, alwaysIdle);
  expect(found?.heavy).toEqual(faster);
  const fine = tried.filter(config => config.shapes.fine !== shapes.fine);
  expect(fine.length).toBeGreaterThan(0);
  for (const config of fine) expect(config.shapes.heavy).toEqual(faster);
});

test('the tuner skips shapes that the GPU refuses, and gives no shape for classes that the look lacks', async () => {
  const [first, second] = neighbours('coarse', shapes.coarse);
  const { benchmark } = fakeBenchmarks(({ shapes: now }) => {
    if (now.tiny !== shapes.tiny || now.coarse === first) return null;
    return JSON.stringify(now.coarse) === JSON.stringify(first)
      ? null
      : isWide(now.coarse, second && second !== 'gemm' ? second.wide : 0)
        ? 0.5
        : 1;
  });
  const found = await tune(
    SOFTWARE_CONFIG,
    { heavy: shapes.heavy, fine: shapes.fine },
    benchmark,
    alwaysIdle,
  );
  expect(found?.coarse).toEqual(second);
  const none = fakeBenchmarks(() => null);
  expect(await tune(SOFTWARE_CONFIG, {}, none.benchmark, alwaysIdle)).toEqual({});
});

test('classes with a known shape are not tuned again', async () => {
  const { tried, benchmark } = fakeBenchmarks(() => 1);
  const known = { coarse: { ...shapes.coarse, wide: 1 } };
  const found = await tune(SOFTWARE_CONFIG, known, benchmark, alwaysIdle);
  expect(found?.coarse).toEqual(known.coarse);
  expect(Object.keys(found ?? {}).sort()).toEqual([...CONV_CLASSES].sort());
  expect(tried.every(config => config.shapes.coarse === known.coarse)).toBe(true);
});

test('slow layers are not tuned, and neither is a page without idle time', async () => {
  const { tried, benchmark } = fakeBenchmarks(() => 7);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, alwaysIdle)).toEqual(shapes);
  expect(tried.length).toBe(CONV_CLASSES.length);
  expect(await tune(SOFTWARE_CONFIG, {}, benchmark, async () => false)).toBeNull();
});

test('the defaults follow from what the adapter says of its vendor', () => {
  const configOf = (vendor: string) =>
    defaultConfig({ adapterInfo: { vendor, architecture: '', device: '', description: '' } } as GPUDevice);
  for (const vendor of ['amd', 'apple', 'nvidia', 'AMD']) expect(configOf(vendor)).toBe(LARGE_GPU_CONFIG);
  expect(configOf('qualcomm')).toBe(ADRENO_CONFIG);
  expect(configOf('arm')).toBe(MALI_CONFIG);
  for (const vendor of ['intel', '', 'img-tec', 'charm']) expect(configOf(vendor)).toBe(GPU_CONFIG);
});
