// Kernels of every shape that a GPU may be given, on the GPU at hand: they differ by rounding alone.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeShared } from '../../engine/webgpu/buffers.ts';
import { requestDevice } from '../../engine/webgpu/device.ts';
import { checked, Memory } from '../../engine/webgpu/memory.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { Pipelines } from '../../engine/webgpu/pipelines.ts';
import { makeReader } from '../../engine/webgpu/reader.ts';
import { type Class, GPU_STYLE, SOFTWARE_STYLE, type Style } from '../../engine/webgpu/style.ts';
import { neighbours } from '../../engine/webgpu/tuner.ts';
import { largestDifference } from '../compare.ts';
import { expectCanvasAsRun, look } from '../scene.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const floats = async (file: string) => new Float32Array(await (await fetch(`/${file}`)).arrayBuffer());

const styles: readonly (readonly [string, Style])[] = [
  ['software', SOFTWARE_STYLE],
  ['software, every thread by itself', { ...SOFTWARE_STYLE, together: false }],
  ['gpu', GPU_STYLE],
  ...[0, 1, 2, 3].map(i => {
    const near = (name: Class) => neighbours(GPU_STYLE.shapes[name])[i] ?? GPU_STYLE.shapes[name];
    const shapes = { heavy: near('heavy'), fine: near('fine'), coarse: near('coarse'), tiny: near('tiny') };
    return [`neighbours ${i}`, { ...GPU_STYLE, few: 256, shapes }] as const;
  }),
];

for (const [label, style] of styles) {
  test(`${label}: a look is what ONNX Runtime makes of it`, async () => {
    const name = 'lean-64-uint16-colour';
    const { plan } = await look(name);
    const memory = new Memory(device);
    const pipelines = await checked(
      device,
      () => new Pipelines(memory, makeShared(memory, plan, style), style),
    );
    const reader = await makeReader(plan, pipelines);
    const live = new Float32Array(4);
    plan.live.forEach((one, i) => {
      live[i] = one.default;
    });
    const listed: { name: string; live: Record<string, number> }[] = await (
      await fetch('/looks.json')
    ).json();
    const given = listed.find(one => one.name === name)?.live ?? {};
    const scalars = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, Float32Array.of(value)]),
    );
    const made = await reader.run({ image: await floats(`${name}.image`), ...scalars }, live);
    const painting = made.painting ?? new Float32Array();
    expect(largestDifference(painting, await floats(`${name}.painting`))).toBeLessThan(1e-4);
    memory.destroy();
  });
}

for (const [label, style] of styles.slice(0, 2)) {
  test(`${label}: a frame through the merged kernels shows what run() gives`, async () => {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createWebgpuPainter(
      await look('lean-256-uint8-soft'),
      { canvas, onLost: () => undefined },
      device,
      {
        usual: () => style,
        idle: async () => false,
        memo: { read: () => null, write: () => undefined },
      },
    );
    await expectCanvasAsRun(painter, canvas);
    painter.destroy();
  });
}
