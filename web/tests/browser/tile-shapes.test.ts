// Kernels of every shape that a GPU may be given, on the GPU at hand: they differ by rounding alone.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { ArrayRunner } from '../../engine/webgpu/runtime/array-runner.ts';
import { hasQuads, requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { BufferAllocator, withErrorScopes } from '../../engine/webgpu/runtime/memory.ts';
import { PipelineCache } from '../../engine/webgpu/runtime/pipeline-cache.ts';
import { makePlanBuffers } from '../../engine/webgpu/runtime/plan-buffers.ts';
import {
  ADRENO_CONFIG,
  GPU_CONFIG,
  LARGE_GPU_CONFIG,
  MALI_CONFIG,
  SOFTWARE_CONFIG,
} from '../../engine/webgpu/tuning/defaults.ts';
import { largestDifference } from '../compare.ts';
import { expectCanvasAsRun, look } from '../scene.ts';
import { near } from '../shapes.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const floats = async (file: string) => new Float32Array(await (await fetch(`/${file}`)).arrayBuffer());

const quads: KernelConfig = { ...SOFTWARE_CONFIG, hasQuads: true };
/** The configuration, as far as the GPU at hand supports it. */
const here = (config: KernelConfig): KernelConfig => ({
  ...config,
  hasQuads: config.hasQuads && hasQuads(device),
});

const configs: readonly (readonly [string, KernelConfig])[] = [
  ['software', quads],
  ['gpu', GPU_CONFIG],
  ['software, every thread by itself', SOFTWARE_CONFIG],
  ['gpu with few threads', { ...GPU_CONFIG, minThreads: 256 }],
  ['large gpu', LARGE_GPU_CONFIG],
  ['adreno', ADRENO_CONFIG],
  ['mali', MALI_CONFIG],
  ['large gpu with few threads', { ...LARGE_GPU_CONFIG, minThreads: 256 }],
  ...[0, 1, 2, 3].map(i => [`software, neighbours ${i}`, near(quads, i)] as const),
];

/** Looks in which all kinds of layers of real GPUs are large enough for their tile: doubling and transposed ones. */
const LARGE_LOOKS = ['full-256-uint8-levels', 'small-256-uint8-soft', 'medium-256-uint8-soft'];

for (const [label, wanted, name] of [
  ...configs.map(([label, config]) => [label, config, 'lean-64-uint16-colour'] as const),
  ...LARGE_LOOKS.map(name => ['gpu', GPU_CONFIG, name] as const),
  ...LARGE_LOOKS.map(name => ['large gpu', LARGE_GPU_CONFIG, name] as const),
]) {
  test(`${label}: ${name} is what ONNX Runtime makes of it`, async () => {
    const config = here(wanted);
    const framePlan = fuseFrame((await look(name)).plan);
    const { plan } = framePlan;
    const allocator = new BufferAllocator(device);
    const pipelines = await withErrorScopes(
      device,
      () => new PipelineCache(allocator, makePlanBuffers(allocator, plan, config), config),
    );
    const runner = await ArrayRunner.create(framePlan, pipelines);
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
    const made = await runner.run({ image: await floats(`${name}.image`), ...scalars }, live, {});
    const painting = made.painting ?? new Float32Array();
    expect(largestDifference(painting, await floats(`${name}.painting`))).toBeLessThan(1e-4);
    allocator.destroy();
  });
}

for (const [label, wanted] of configs.slice(0, 3)) {
  test(`${label}: a frame through the fused kernels shows what run() gives`, async () => {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createWebgpuPainter(
      await look('lean-256-uint8-soft'),
      { canvas, onLost: () => undefined },
      device,
      {
        defaultConfig: () => here(wanted),
        idle: async () => false,
        storage: { read: () => null, write: () => undefined },
      },
    );
    await expectCanvasAsRun(painter, canvas);
    painter.destroy();
  });
}
