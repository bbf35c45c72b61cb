// Kernels of every shape that a GPU may be given, on the GPU at hand: they differ by rounding alone.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Style } from '../../engine/webgpu/kernels/config.ts';
import { merge } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { Reader } from '../../engine/webgpu/runtime/array-runner.ts';
import { requestDevice, runsFours } from '../../engine/webgpu/runtime/device.ts';
import { checked, Memory } from '../../engine/webgpu/runtime/memory.ts';
import { Pipelines } from '../../engine/webgpu/runtime/pipeline-cache.ts';
import { makeShared } from '../../engine/webgpu/runtime/plan-buffers.ts';
import { GPU_STYLE, SOFTWARE_STYLE } from '../../engine/webgpu/tuning/defaults.ts';
import { largestDifference } from '../compare.ts';
import { expectCanvasAsRun, look } from '../scene.ts';
import { near } from '../shapes.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const floats = async (file: string) => new Float32Array(await (await fetch(`/${file}`)).arrayBuffer());

const fours: Style = { ...SOFTWARE_STYLE, together: true };
/** The style as far as the GPU at hand has what it takes. */
const here = (style: Style): Style => ({ ...style, together: style.together && runsFours(device) });

const styles: readonly (readonly [string, Style])[] = [
  ['software', fours],
  ['gpu', GPU_STYLE],
  ['software, every thread by itself', SOFTWARE_STYLE],
  ...[0, 1, 2, 3, 4, 5].map(i => {
    return [`gpu, neighbours ${i}`, { ...near(GPU_STYLE, i), few: 256 }] as const;
  }),
  ...[0, 1, 2, 3].map(i => [`software, neighbours ${i}`, near(fours, i)] as const),
];

for (const [label, wanted] of styles) {
  test(`${label}: a look is what ONNX Runtime makes of it`, async () => {
    const style = here(wanted);
    const name = 'lean-64-uint16-colour';
    const merged = merge((await look(name)).plan);
    const { plan } = merged;
    const memory = new Memory(device);
    const pipelines = await checked(
      device,
      () => new Pipelines(memory, makeShared(memory, plan, style), style),
    );
    const reader = await Reader.create(merged, pipelines);
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
    const made = await reader.run({ image: await floats(`${name}.image`), ...scalars }, live, {});
    const painting = made.painting ?? new Float32Array();
    expect(largestDifference(painting, await floats(`${name}.painting`))).toBeLessThan(1e-4);
    memory.destroy();
  });
}

for (const [label, wanted] of styles.slice(0, 3)) {
  test(`${label}: a frame through the merged kernels shows what run() gives`, async () => {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createWebgpuPainter(
      await look('lean-256-uint8-soft'),
      { canvas, onLost: () => undefined },
      device,
      {
        usual: () => here(wanted),
        idle: async () => false,
        memo: { read: () => null, write: () => undefined },
      },
    );
    await expectCanvasAsRun(painter, canvas);
    painter.destroy();
  });
}
