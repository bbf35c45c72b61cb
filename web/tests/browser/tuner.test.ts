// Tuning in a real browser: after the first painting, remembered, and without another painting for it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { adapterName, requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { cacheKey, openTuningCache } from '../../engine/webgpu/tuning/cache.ts';
import { defaultConfig, SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import type { PageEnvironment } from '../../engine/webgpu/tuning/environment.ts';
import { callsOf } from '../calls.ts';
import { far, look, pixels, scene } from '../scene.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const NAME = 'lean-64-uint16-colour';

/** A page environment that counts idle moments, and grants the first `most` of them. */
function environment(most = Number.POSITIVE_INFINITY) {
  const kept = new Map<string, string>();
  let moments = 0;
  const made: PageEnvironment = {
    defaultConfig: defaultConfig,
    idle: async () => {
      moments += 1;
      await new Promise(resolve => setTimeout(resolve));
      return moments <= most;
    },
    storage: { read: key => kept.get(key) ?? null, write: (key, value) => kept.set(key, value) },
  };
  return { ...made, kept, moments: () => moments };
}

const key = () => cacheKey(adapterName(device), defaultConfig(device));

async function painterIn(around: PageEnvironment) {
  const canvas = new OffscreenCanvas(1, 1);
  const settings = { canvas, onLost: () => undefined };
  return { canvas, painter: await createWebgpuPainter(await look(NAME), settings, device, around) };
}

test('where it is not to tune it does not', async () => {
  const around = environment();
  const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined, tune: false };
  const painter = await createWebgpuPainter(await look(NAME), settings, device, around);
  painter.paint(scene());
  await painter.finished();
  expect([around.moments(), around.kept.size]).toEqual([0, 0]);
  painter.destroy();
});

test('the first painting needs no tuning, a tuned one is the same, and the choice is kept', async () => {
  const around = environment();
  const { canvas, painter } = await painterIn(around);
  expect(around.moments()).toBe(0);
  painter.paint(scene());
  const before = pixels(canvas);
  await expect.poll(() => around.kept.size).toBe(1);
  expect(around.moments()).toBeGreaterThan(0);
  const moments = around.moments();
  await painter.finished();
  // The kernels that were chosen are compiled first, and then those that were only tried are forgotten.
  await expect.poll(() => painter.statistics.pipelines).toBeLessThanOrEqual(12);
  for (let frame = 0; frame < 3; frame++) {
    await new Promise(resolve => setTimeout(resolve, 200));
    const made = callsOf({ pipelines: [GPUDevice, 'createComputePipeline'] }, [], () =>
      painter.paint(scene()),
    );
    expect(made.pipelines).toBe(0);
    const after = pixels(canvas);
    for (let at = 0; at < 64; at += 3) expect(far(after(at, at), before(at, at))).toBeLessThan(2);
  }
  await expect.poll(() => painter.statistics.pipelines).toBeLessThanOrEqual(12);
  expect(around.moments()).toBe(moments);
  painter.destroy();
  const again = await painterIn(around);
  again.painter.paint(scene());
  await again.painter.finished();
  await new Promise(resolve => setTimeout(resolve, 200));
  expect(around.moments()).toBe(moments);
  again.painter.destroy();
});

test('a page that is hidden is not tuned on, and nothing is kept of it', async () => {
  const around = environment(0);
  const { painter } = await painterIn(around);
  painter.paint(scene());
  await expect.poll(() => around.moments()).toBe(1);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(around.moments()).toBe(1);
  expect(around.kept.size).toBe(0);
  painter.destroy();
});

test('where the GPU refuses what was found it is forgotten, and the usual kernels paint', async () => {
  const around = environment(0);
  const fine = { wide: 2, tall: 1, deep: 1, share: 1 };
  around.kept.set(key(), JSON.stringify({ fine }));
  const original = GPUDevice.prototype.createComputePipelineAsync;
  const refused: string[] = [];
  const modules = new Map<object, string>();
  const makeModule = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const made = makeModule.call(this, descriptor);
    modules.set(made, descriptor.code);
    return made;
  };
  GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
    if (modules.get(descriptor.compute.module)?.includes('const WIDE = 2;\nconst TALL = 1;')) {
      refused.push(descriptor.label ?? '');
      throw new Error('too long a program');
    }
    return original.call(this, descriptor);
  };
  try {
    const { canvas, painter } = await painterIn(around);
    expect(refused.length).toBeGreaterThan(0);
    expect(around.kept.get(key())).toBe('{}');
    painter.paint(scene());
    expect(far(pixels(canvas)(8, 32), [0, 0, 0])).toBeGreaterThan(0);
    painter.destroy();
  } finally {
    GPUDevice.prototype.createComputePipelineAsync = original;
    GPUDevice.prototype.createShaderModule = makeModule;
  }
});

test('a GPU that is lost forgets what was found on it; lost by what is tried, it tries nothing again', async () => {
  const painting = async (around: ReturnType<typeof environment>, own: GPUDevice) => {
    const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined };
    const painter = await createWebgpuPainter(await look(NAME), settings, own, around);
    painter.paint(scene());
    return painter;
  };
  const found = environment(0);
  const [first, second] = [await requestDevice(), await requestDevice()];
  found.kept.set(key(), JSON.stringify(SOFTWARE_CONFIG.shapes));
  await painting(found, first);
  first.destroy();
  await expect.poll(() => found.kept.get(key())).toBe('{}');
  const trying = environment();
  trying.idle = async () => {
    second.destroy();
    await second.lost;
    return true;
  };
  await painting(trying, second);
  await expect.poll(() => trying.kept.get(key())).toBe(JSON.stringify(defaultConfig(second).shapes));
});

test('of what is kept shapes are taken', () => {
  const reading = (text: string): PageEnvironment => ({
    defaultConfig: defaultConfig,
    idle: async () => true,
    storage: { read: () => text, write: () => undefined },
  });
  const found = (text: string) => openTuningCache('x', reading(text)).shapes;
  const fine = { wide: 2, tall: 1, deep: 1, share: 1 };
  const { heavy } = SOFTWARE_CONFIG.shapes;
  expect(found(JSON.stringify({ fine, heavy, odd: heavy }))).toEqual({ fine, heavy });
  for (const odd of [{ wide: 7777 }, { wide: true }, { deep: 3 }, { tall: 64 }, { share: undefined }])
    expect(found(JSON.stringify({ fine, coarse: { ...fine, ...odd } })), JSON.stringify(odd)).toEqual({
      fine,
    });
  for (const text of ['not JSON', 'null', '{}', '3', '{"tiny":3}']) expect(found(text), text).toEqual({});
});
