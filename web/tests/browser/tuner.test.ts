// Tuning in a real browser: it starts after the first painting, its result is stored, and it does not change the
// painting.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { adapterName, requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { cacheKey, openTuningCache } from '../../engine/webgpu/tuning/cache.ts';
import { defaultConfig, SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import type { PageEnvironment } from '../../engine/webgpu/tuning/environment.ts';
import { callsOf } from '../calls.ts';
import { colourDistance, look, pixels, scene } from '../scene.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const NAME = 'lean-64-uint16-colour';

/** A page environment that counts requests for idle time, and grants the first `maxMoments` of them. */
function environment(maxMoments = Number.POSITIVE_INFINITY) {
  const stored = new Map<string, string>();
  let moments = 0;
  const made: PageEnvironment = {
    defaultConfig: defaultConfig,
    idle: async () => {
      moments += 1;
      await new Promise(resolve => setTimeout(resolve));
      return moments <= maxMoments;
    },
    storage: { read: key => stored.get(key) ?? null, write: (key, value) => stored.set(key, value) },
  };
  return { ...made, stored, moments: () => moments };
}

const key = () => cacheKey(adapterName(device), defaultConfig(device));

async function painterIn(page: PageEnvironment) {
  const canvas = new OffscreenCanvas(1, 1);
  const settings = { canvas, onLost: () => undefined };
  return { canvas, painter: await createWebgpuPainter(await look(NAME), settings, device, page) };
}

test('the option `tune: false` turns tuning off', async () => {
  const page = environment();
  const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined, tune: false };
  const painter = await createWebgpuPainter(await look(NAME), settings, device, page);
  painter.paint(scene());
  await painter.finished();
  expect([page.moments(), page.stored.size]).toEqual([0, 0]);
  painter.destroy();
});

test('the first painting does not wait for tuning, later ones look the same, and the result is stored', async () => {
  const page = environment();
  const { canvas, painter } = await painterIn(page);
  expect(page.moments()).toBe(0);
  painter.paint(scene());
  const before = pixels(canvas);
  await expect.poll(() => page.stored.size).toBe(1);
  expect(page.moments()).toBeGreaterThan(0);
  const moments = page.moments();
  await painter.finished();
  // The chosen kernels are compiled first; then the kernels that were only tried are dropped.
  await expect.poll(() => painter.statistics.pipelines).toBeLessThanOrEqual(12);
  for (let frame = 0; frame < 3; frame++) {
    await new Promise(resolve => setTimeout(resolve, 200));
    const made = callsOf({ pipelines: [GPUDevice, 'createComputePipeline'] }, [], () =>
      painter.paint(scene()),
    );
    expect(made.pipelines).toBe(0);
    const after = pixels(canvas);
    for (let at = 0; at < 64; at += 3) expect(colourDistance(after(at, at), before(at, at))).toBeLessThan(2);
  }
  await expect.poll(() => painter.statistics.pipelines).toBeLessThanOrEqual(12);
  expect(page.moments()).toBe(moments);
  painter.destroy();
  const again = await painterIn(page);
  again.painter.paint(scene());
  await again.painter.finished();
  await new Promise(resolve => setTimeout(resolve, 200));
  expect(page.moments()).toBe(moments);
  again.painter.destroy();
});

test('the first painting needs fewer and shorter programs, and the default kernels follow one by one', async () => {
  const page = environment();
  const codes: string[] = [];
  const modules = new Map<object, string>();
  /** The texts of the default kernels; how many of them compile now, and at most. */
  const usualCodes = new Set<string>();
  let [pending, together, again] = [0, 0, 0];
  const { createShaderModule, createComputePipelineAsync } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const made = createShaderModule.call(this, descriptor);
    codes.push(descriptor.code);
    modules.set(made, descriptor.code);
    return made;
  };
  GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
    const isUsual = usualCodes.has(modules.get(descriptor.compute.module) ?? '');
    again += isUsual ? 1 : 0;
    pending += isUsual ? 1 : 0;
    together = Math.max(together, pending);
    const made = await createComputePipelineAsync.call(this, descriptor);
    pending -= isUsual ? 1 : 0;
    return made;
  };
  const compiled = () => codes.splice(0).reduce((sum, { length }) => sum + length, 0);
  try {
    const opened = await look('full-256-uint8-levels');
    const make = (tune: boolean) => {
      const canvas = new OffscreenCanvas(1, 1);
      const settings = { canvas, onLost: () => undefined, firstFrame: 'picture', tune } as const;
      return createWebgpuPainter(opened, settings, device, page).then(painter => ({ canvas, painter }));
    };
    const usual = await make(false);
    for (const code of codes) usualCodes.add(code);
    const usualBytes = compiled();
    const usualPipelines = usual.painter.statistics.pipelines;
    const started = await make(true);
    expect(compiled()).toBeLessThan(0.6 * usualBytes);
    expect(started.painter.statistics.pipelines).toBeLessThan(usualPipelines);
    [together, again] = [0, 0];
    const picture = await createImageBitmap(scene());
    usual.painter.paint(picture);
    const wanted = pixels(usual.canvas);
    const expectSame = () => {
      started.painter.paint(picture);
      const found = pixels(started.canvas);
      for (let at = 0; at < 256; at += 5)
        expect(colourDistance(found(at, at), wanted(at, at))).toBeLessThan(2);
    };
    expectSame();
    await expect.poll(() => page.stored.size, { timeout: 60_000 }).toBe(1);
    expect(again).toBeGreaterThan(3);
    expect(together).toBe(1);
    await expect.poll(() => started.painter.statistics.pipelines).toBeLessThanOrEqual(12);
    expectSame();
    usual.painter.destroy();
    started.painter.destroy();
  } finally {
    Object.assign(GPUDevice.prototype, { createShaderModule, createComputePipelineAsync });
  }
});

test('where no moment is idle, the starter goes on painting, and each painting asks again', async () => {
  const page = environment(0);
  const { painter } = await painterIn(page);
  const { pipelines } = painter.statistics;
  for (const asked of [1, 2]) {
    painter.paint(scene());
    await expect.poll(() => page.moments()).toBe(asked);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  expect(painter.statistics.pipelines).toBeLessThanOrEqual(pipelines + 2);
  painter.destroy();
});

test('kernels are counted as they are compiled', async () => {
  const told: number[][] = [];
  const settings = {
    canvas: new OffscreenCanvas(1, 1),
    onLost: () => undefined,
    onCompiled: (...counts: number[]) => told.push(counts),
  };
  const painter = await createWebgpuPainter(await look(NAME), settings, device, environment(0));
  const { pipelines } = painter.statistics;
  expect(told).toEqual(Array.from({ length: pipelines }, (_, i) => [i + 1, pipelines]));
  painter.destroy();
});

test('a page without idle time is not tuned, and nothing is stored', async () => {
  const page = environment(0);
  const { painter } = await painterIn(page);
  painter.paint(scene());
  await expect.poll(() => page.moments()).toBe(1);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(page.moments()).toBe(1);
  expect(page.stored.size).toBe(0);
  painter.destroy();
});

test('if the GPU refuses stored shapes, they are deleted and the default kernels paint', async () => {
  const page = environment(0);
  const fine = { wide: 2, tall: 1, deep: 1, share: 1 };
  page.stored.set(key(), JSON.stringify({ fine }));
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
    if (modules.get(descriptor.compute.module)?.includes('const LONG = 2;\nconst SHORT = 1;')) {
      refused.push(descriptor.label ?? '');
      throw new Error('too long a program');
    }
    return original.call(this, descriptor);
  };
  try {
    const { canvas, painter } = await painterIn(page);
    expect(refused.length).toBeGreaterThan(0);
    expect(page.stored.get(key())).toBe('{}');
    painter.paint(scene());
    expect(colourDistance(pixels(canvas)(8, 32), [0, 0, 0])).toBeGreaterThan(0);
    painter.destroy();
  } finally {
    GPUDevice.prototype.createComputePipelineAsync = original;
    GPUDevice.prototype.createShaderModule = makeModule;
  }
});

test('a device loss deletes the stored shapes; a loss while tuning stores the defaults, so that tuning is not repeated', async () => {
  const painting = async (page: ReturnType<typeof environment>, tunedDevice: GPUDevice) => {
    const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined };
    const painter = await createWebgpuPainter(await look(NAME), settings, tunedDevice, page);
    painter.paint(scene());
    return painter;
  };
  const found = environment(0);
  const [first, second] = [await requestDevice(), await requestDevice()];
  found.stored.set(key(), JSON.stringify(SOFTWARE_CONFIG.shapes));
  await painting(found, first);
  first.destroy();
  await expect.poll(() => found.stored.get(key())).toBe('{}');
  const trying = environment();
  trying.idle = async () => {
    second.destroy();
    await second.lost;
    return true;
  };
  await painting(trying, second);
  await expect.poll(() => trying.stored.get(key())).toBe(JSON.stringify(defaultConfig(second).shapes));
});

test('only valid shapes are read from the stored text', () => {
  const reading = (text: string): PageEnvironment => ({
    defaultConfig: defaultConfig,
    idle: async () => true,
    storage: { read: () => text, write: () => undefined },
  });
  const found = (text: string) => openTuningCache('x', reading(text)).shapes;
  const fine = { wide: 2, tall: 1, deep: 1, share: 1 };
  const { heavy } = SOFTWARE_CONFIG.shapes;
  expect(found(JSON.stringify({ fine, heavy, odd: heavy }))).toEqual({ fine, heavy });
  for (const wrong of [{ wide: 7777 }, { wide: true }, { deep: 3 }, { tall: 64 }, { share: undefined }])
    expect(found(JSON.stringify({ fine, coarse: { ...fine, ...wrong } })), JSON.stringify(wrong)).toEqual({
      fine,
    });
  for (const text of ['not JSON', 'null', '{}', '3', '{"tiny":3}']) expect(found(text), text).toEqual({});
});
