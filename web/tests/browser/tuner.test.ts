// Tuning in a real browser: after the first painting, remembered, and without another painting for it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestDevice } from '../../engine/webgpu/device.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { SOFTWARE_STYLE, styleFor } from '../../engine/webgpu/style.ts';
import { remembered, type Surroundings } from '../../engine/webgpu/surroundings.ts';
import { far, look, pixels, scene } from '../scene.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const NAME = 'lean-64-uint16-colour';

/** Surroundings that count idle moments, and answer the first `most` of them. */
function surroundings(most = Number.POSITIVE_INFINITY) {
  const kept = new Map<string, string>();
  let moments = 0;
  const made: Surroundings = {
    usual: styleFor,
    idle: async () => {
      moments += 1;
      await new Promise(resolve => setTimeout(resolve));
      return moments <= most;
    },
    memo: { read: key => kept.get(key) ?? null, write: (key, value) => kept.set(key, value) },
  };
  return { ...made, kept, moments: () => moments };
}

async function painterIn(around: Surroundings) {
  const canvas = new OffscreenCanvas(1, 1);
  const settings = { canvas, onLost: () => undefined };
  return { canvas, painter: await createWebgpuPainter(await look(NAME), settings, device, around) };
}

test('without upkeep nothing is tuned', async () => {
  const around = surroundings();
  const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined, upkeep: false };
  const painter = await createWebgpuPainter(await look(NAME), settings, device, around);
  painter.paint(scene());
  await painter.finished();
  expect([around.moments(), around.kept.size]).toEqual([0, 0]);
  painter.destroy();
});

test('the first painting needs no tuning, a tuned one is the same, and the choice is kept', async () => {
  const around = surroundings();
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
    painter.paint(scene());
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
  const around = surroundings(0);
  const { painter } = await painterIn(around);
  painter.paint(scene());
  await expect.poll(() => around.moments()).toBe(1);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(around.moments()).toBe(1);
  expect(around.kept.size).toBe(0);
  painter.destroy();
});

test('what is kept is taken where all of it are shapes', () => {
  const reading = (text: string): Surroundings => ({
    usual: styleFor,
    idle: async () => true,
    memo: { read: () => text, write: () => undefined },
  });
  const kept = (changed: object) => JSON.stringify({ ...SOFTWARE_STYLE.shapes, ...changed });
  const found = (text: string) => remembered(SOFTWARE_STYLE, 'x', reading(text));
  const fine = { wide: 2, tall: 1, deep: 1, share: 1 };
  expect(found(kept({ fine }))?.shapes).toEqual({ ...SOFTWARE_STYLE.shapes, fine });
  for (const odd of [{ wide: 7777 }, { wide: true }, { deep: 3 }, { tall: 64 }, { share: undefined }])
    expect(found(kept({ coarse: { ...fine, ...odd } })), JSON.stringify(odd)).toBeNull();
  for (const text of ['not JSON', 'null', '{}', kept({ tiny: 3 })]) expect(found(text), text).toBeNull();
});
