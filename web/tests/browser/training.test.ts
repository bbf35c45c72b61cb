// Training steps on WebGPU: losses against torch in float64, what a step dispatches and creates, equal bits, and slices.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GpuCounters } from '../../bench/gpu-counters.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { readModel } from '../../engine/onnx/model.ts';
import type { Tensors, TrainingBackend } from '../../engine/training/backend.ts';
import { adam } from '../../engine/training/optimizers/adam.ts';
import { makeTrainingStep, type TrainingStep } from '../../engine/training/step.ts';
import { createWebgpuBackend } from '../../engine/training/webgpu-backend.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { GPU_CONFIG, LARGE_GPU_CONFIG, MALI_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { runOnWebgpu } from '../run-graph.ts';
import type { TrainingCase } from '../training-steps.ts';

const cases: TrainingCase[] = await (await fetch('/training.json')).json();
const RATE = 0.001;
const optimizer = adam();

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

interface Batches {
  readonly step: TrainingStep;
  readonly batch: (t: number) => Tensors;
}

async function readCase({ name, loss, batch, steps }: TrainingCase): Promise<Batches> {
  const step = await makeTrainingStep(readModel(await fetchBytes(`${name}.onnx`)), { loss, dims: { batch } });
  const [x, target] = [await fetchFloats(`${name}.x`), await fetchFloats(`${name}.target`)];
  const part = (values: Float32Array, t: number) => {
    const size = values.length / steps;
    return values.subarray(t * size, (t + 1) * size);
  };
  return {
    step,
    batch: t =>
      new Map([
        ['x', part(x, t)],
        [step.target, part(target, t)],
      ]),
  };
}

async function train(backend: TrainingBackend, { batch }: Batches, steps: number): Promise<Float32Array> {
  for (let t = 0; t < steps; t++) await backend.step(batch(t), optimizer.scalars(t + 1, RATE), t);
  return backend.losses();
}

describe('the losses are those of torch', () => {
  test.each(cases)('$name', async given => {
    const batches = await readCase(given);
    const { step } = batches;
    const backend = await createWebgpuBackend(step, optimizer, { device });
    try {
      const made = await train(backend, batches, given.steps);
      const apart = given.losses.map((loss, t) => Math.abs((made[t] ?? Number.NaN) - loss) / loss);
      console.log(given.name, Math.max(...apart));
      expect(made.length).toBe(given.steps);
      for (const [t, one] of apart.entries()) expect(one, `step ${t}`).toBeLessThan(1e-3);
      const names = given.state.filter(key => step.model.inputs.some(({ name }) => name === key));
      const state = await backend.read(names);
      for (const key of names) {
        const expected = await fetchFloats(`${given.name}.state${given.state.indexOf(key)}`);
        const values = state.get(key) ?? new Float32Array();
        // Adam takes whole steps by gradients that are nearly zero, so single weights may be far apart.
        const squares = expected.map((value, k) => (value - (values[k] ?? Number.NaN)) ** 2);
        const apart = Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
        expect(apart, key).toBeLessThan(5e-4);
      }
    } finally {
      backend.destroy();
    }
  });
});

const CONFIGS = { 'any GPU': GPU_CONFIG, 'large GPUs': LARGE_GPU_CONFIG, Mali: MALI_CONFIG };

test.each(Object.entries(CONFIGS))('the kernels for %s compute the same', async (_, config) => {
  for (const given of cases) {
    const batches = await readCase(given);
    const backend = await createWebgpuBackend(batches.step, optimizer, { device, config });
    try {
      const made = await train(backend, batches, 3);
      for (const [t, loss] of made.entries())
        expect(Math.abs(loss / (given.losses[t] ?? 0) - 1), given.name).toBeLessThan(1e-4);
    } finally {
      backend.destroy();
    }
  }
});

const lenet = cases.find(({ name }) => name === 'training-lenet');

test.runIf(lenet)(
  'a step of LeNet dispatches 3.5 times the forward pass at most, and creates nothing',
  async () => {
    if (!lenet) return;
    const batches = await readCase(lenet);
    const forward = await makePlan(await lower(batches.step.inference), false);
    const counters = new GpuCounters();
    await runOnWebgpu(forward, device, { x: batches.batch(0).get('x') ?? new Float32Array() });
    const inForward = counters.calls.dispatches;
    const backend = await createWebgpuBackend(batches.step, optimizer, { device });
    try {
      await train(backend, batches, 1);
      await backend.finished();
      counters.reset();
      await backend.step(batches.batch(1), optimizer.scalars(2, RATE), 1);
      await backend.finished();
      const { dispatches, pipelines, bindGroups, resources, readbacks } = counters.calls;
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
  },
);

test.runIf(lenet)('the same steps give the same bits, however they are sliced', async () => {
  if (!lenet) return;
  const batches = await readCase(lenet);
  const name = batches.step.parameters[0]?.name ?? '';
  const results: [Float32Array, Float32Array][] = [];
  for (let run = 0; run < 2; run++) {
    const backend = await createWebgpuBackend(batches.step, optimizer, { device });
    try {
      const losses = await train(backend, batches, 5);
      results.push([losses, (await backend.read([name])).get(name) ?? new Float32Array()]);
    } finally {
      backend.destroy();
    }
  }
  expect(results[0]?.[1].length).toBeGreaterThan(0);
  expect(results[1]).toEqual(results[0]);
});
