// Training steps on WebGPU: the kernels for other GPUs, what a step dispatches and creates, and slices. Losses and weights
// are compared with torch's in `trainer.test.ts`.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GpuCounters } from '../../bench/gpu-counters.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { readModel } from '../../engine/onnx/model.ts';
import type { Tensors, TrainingBackend } from '../../engine/training/backend.ts';
import type { Optimizer } from '../../engine/training/optimizers/optimizer.ts';
import { makeTrainingStep, type TrainingStep } from '../../engine/training/step.ts';
import { createWebgpuBackend, type WebgpuBackend } from '../../engine/training/webgpu-backend.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { GPU_CONFIG, LARGE_GPU_CONFIG, MALI_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { runOnWebgpu } from '../run-graph.ts';
import { OPTIMIZERS } from '../training-optimizers.ts';
import type { TrainingCase } from '../training-steps.ts';

const cases: TrainingCase[] = await (await fetch('/training.json')).json();
let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

interface Given {
  readonly step: TrainingStep;
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly batch: (t: number) => Tensors;
  readonly losses: readonly number[];
}

async function readCase(name: string): Promise<Given> {
  const given = cases.find(one => one.name === name);
  if (!given) throw new Error(`There is no '${name}'.`);
  const { loss, batch, steps, clip, losses } = given;
  const [optimizer, rate] = OPTIMIZERS[given.optimizer];
  const model = readModel(await fetchBytes(`${name}.onnx`));
  const step = await makeTrainingStep(model, { loss, dims: { batch }, clip, optimizer });
  const [x, target] = [await fetchFloats(`${name}.x`), await fetchFloats(`${name}.target`)];
  const part = (values: Float32Array, t: number) => {
    const size = values.length / steps;
    return values.subarray(t * size, (t + 1) * size);
  };
  const batchOf = (t: number) =>
    new Map([
      ['x', part(x, t)],
      [step.target, part(target, t)],
    ]);
  return { step, optimizer, rate, batch: batchOf, losses };
}

async function train(
  backend: TrainingBackend,
  { optimizer, rate, batch }: Given,
  steps: number,
): Promise<Float32Array> {
  for (let t = 0; t < steps; t++) await backend.step(batch(t), optimizer.scalars(t + 1, rate), t);
  return backend.losses();
}

/** A convolution with strides, batch norm and a dense layer; gradients are clipped. */
const NETWORK = 'training-residual-both';
const CONFIGS = { 'any GPU': GPU_CONFIG, 'large GPUs': LARGE_GPU_CONFIG, Mali: MALI_CONFIG };

test.each(Object.entries(CONFIGS))('the kernels for %s compute the same', async (_, config) => {
  const given = await readCase(NETWORK);
  const backend = await createWebgpuBackend(given.step, given.optimizer, { device, config });
  try {
    const made = await train(backend, given, 3);
    expect(made.length).toBe(3);
    for (const [t, loss] of made.entries())
      expect(Math.abs(loss / (given.losses[t] ?? 0) - 1), `step ${t}`).toBeLessThan(1e-4);
  } finally {
    backend.destroy();
  }
});

const LENET = 'training-lenet';

test('a step of LeNet dispatches 3.5 times the forward pass at most, and creates nothing', async () => {
  const given = await readCase(LENET);
  const { step, optimizer } = given;
  const forward = await makePlan(await lower(step.inference), false);
  const counters = new GpuCounters();
  await runOnWebgpu(forward, device, { x: given.batch(0).get('x') ?? new Float32Array() });
  const inForward = counters.calls.dispatches;
  const backend = await createWebgpuBackend(step, optimizer, { device });
  try {
    await train(backend, given, 1);
    await backend.finished();
    counters.reset();
    await backend.step(given.batch(1), optimizer.scalars(2, given.rate), 1);
    await backend.finished();
    const { dispatches, pipelines, bindGroups, resources, readbacks } = counters.calls;
    expect(dispatches).toBeGreaterThan(inForward);
    expect(dispatches).toBeLessThanOrEqual(3.5 * inForward);
    expect({ pipelines, bindGroups, resources, readbacks }).toEqual({
      pipelines: 0,
      bindGroups: 0,
      resources: 0,
      readbacks: 0,
    });
  } finally {
    backend.destroy();
  }
});

/** How a step is sliced, for that many dispatches. */
const SLICES: readonly ((count: number) => readonly (readonly [number, number])[])[] = [
  count => [[0, count]],
  count => Array.from({ length: count }, (_, i) => [i, i + 1] as const),
  count => [
    [0, 3],
    [3, count],
  ],
];

test('the same steps give the same bits, however they are sliced', async () => {
  const given = await readCase(LENET);
  const name = given.step.parameters[0]?.name ?? '';
  const results: [Float32Array, Float32Array | undefined][] = [];
  for (const slice of SLICES) {
    const backend: WebgpuBackend = await createWebgpuBackend(given.step, given.optimizer, { device });
    backend.slices.split = () => [...slice(backend.program.kernels.length)];
    const submit = vi.spyOn(backend.program, 'submit');
    try {
      const losses = await train(backend, given, 5);
      results.push([losses, (await backend.read([name])).get(name)]);
      expect(submit.mock.calls.length).toBeGreaterThanOrEqual(
        5 * slice(backend.program.kernels.length).length,
      );
    } finally {
      backend.destroy();
    }
  }
  expect(results[0]?.[1]?.length).toBeGreaterThan(0);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
