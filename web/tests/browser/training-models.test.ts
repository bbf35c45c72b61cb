// Training steps on WebGPU of models that the packed cases lack, beside the CPU: weights that several nodes read in several
// ways, matrices, and a look.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { productOf } from '../../engine/graph/ir/strides.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import type { ClipOptions } from '../../engine/training/clipping.ts';
import { CpuTraining } from '../../engine/training/cpu-training.ts';
import type { LossName } from '../../engine/training/losses.ts';
import { adam, adamw } from '../../engine/training/optimizers/adam.ts';
import { muonWith } from '../../engine/training/optimizers/muon.ts';
import { initialState, makeProgram } from '../../engine/training/program.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { createWebgpuBackend } from '../../engine/training/webgpu-backend.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { fetchBytes } from '../fetch.ts';
import { graphOf, int64Tensor, model, node, tensor, value } from '../onnx.ts';

const RATE = 0.01;
const STEPS = 4;

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

/** Numbers in [0, 1) that look random. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.abs(Math.sin(seed + i * 12.9898) * 43758.5453) % 1);

const weights = (name: string, dims: readonly number[], seed: number): Uint8Array =>
  tensor(
    name,
    dims,
    numbers(productOf(dims), seed).map(one => one - 0.5),
  );

/** Trains on both, on the same numbers, and compares the losses. */
async function compareWithCpu(
  given: OnnxModel,
  loss: LossName,
  steps = STEPS,
  optimizer = adam(),
  clip: ClipOptions = {},
): Promise<void> {
  const step = await makeTrainingStep(given, { loss, optimizer, clip });
  const backend = await createWebgpuBackend(step, optimizer, { device });
  const cpu = new CpuTraining(makeProgram(step, await lower(step.model, TRAINING), optimizer));
  cpu.write(initialState(step, optimizer));
  const { inputs } = backend.program.training.plan;
  const batch = new Map(inputs.map(({ name, shape }, i) => [name, numbers(productOf(shape), i)] as const));
  cpu.write(batch);
  try {
    const expected: number[] = [];
    for (let t = 1; t <= steps; t++) {
      await backend.step(batch, optimizer.scalars(t, RATE), t);
      expected.push(cpu.step(optimizer.scalars(t, RATE)));
    }
    const made = await backend.losses();
    expect(made.length).toBe(steps);
    expect(new Set(expected).size).toBe(steps);
    for (const [t, one] of expected.entries()) {
      expect(Math.abs((made[t] ?? Number.NaN) - one) / one, `step ${t}`).toBeLessThan(1e-4);
    }
  } finally {
    backend.destroy();
  }
}

const pads = { pads: [1, 1, 1, 1] };

test('a weight that two layers and a product read', async () => {
  const graph = graphOf({
    nodes: [
      node('Conv', ['x', 'w'], ['a'], pads),
      node('Relu', ['a'], ['b'], {}),
      node('Conv', ['b', 'w'], ['c'], pads),
      node('ReduceMean', ['w'], ['m'], {}),
      node('Mul', ['c', 'm'], ['y'], {}),
    ],
    constants: [weights('w', [3, 3, 3, 3], 1)],
    inputs: [value('x', [2, 3, 7, 6])],
    outputs: [value('y', [2, 3, 7, 6])],
  });
  await compareWithCpu(readModel(model(graph)), 'mse');
});

test('a convolution of what was padded, and one of stride 2', async () => {
  const graph = graphOf({
    nodes: [
      node('Pad', ['x', 'p'], ['q'], { mode: 'reflect' }),
      node('Conv', ['q', 'v'], ['a'], {}),
      node('Tanh', ['a'], ['b'], {}),
      node('Conv', ['b', 'w'], ['y'], { ...pads, strides: [2, 2] }),
    ],
    constants: [
      int64Tensor('p', 0, 0, 1, 1, 0, 0, 1, 1),
      weights('v', [8, 2, 3, 3], 1),
      weights('w', [5, 8, 4, 4], 2),
    ],
    inputs: [value('x', [2, 2, 8, 10])],
    outputs: [value('y', [2, 5, 4, 5])],
  });
  await compareWithCpu(readModel(model(graph)), 'l1');
});

const matrices = (): OnnxModel => {
  const graph = graphOf({
    nodes: [
      node('MatMul', ['x', 'v'], ['a'], {}),
      node('Add', ['a', 'bias'], ['b'], {}),
      node('Relu', ['b'], ['c'], {}),
      node('Transpose', ['w'], ['t'], { perm: [1, 0] }),
      node('MatMul', ['c', 't'], ['y'], {}),
    ],
    constants: [weights('v', [6, 10], 1), weights('bias', [10], 2), weights('w', [3, 10], 3)],
    inputs: [value('x', [4, 5, 6])],
    outputs: [value('y', [4, 5, 3])],
  });
  return readModel(model(graph));
};

test('matrices by MatMul, one of them turned, of rows in batches', () =>
  compareWithCpu(matrices(), 'bceWithLogits'));

test('clipped gradients', () => compareWithCpu(matrices(), 'mse', STEPS, adam(), { norm: 0.1, value: 0.02 }));

test('Muon, whose directions are nodes of the step', () =>
  compareWithCpu(matrices(), 'mse', STEPS, muonWith(adamw()), { norm: 0.1 }));

test('grouped convolutions, and one of a single channel', async () => {
  const graph = graphOf({
    nodes: [
      node('Conv', ['x', 'u'], ['a'], pads),
      node('Conv', ['a', 'v'], ['b'], { ...pads, group: 4 }),
      node('ConvTranspose', ['b', 'w'], ['y'], { group: 2, strides: [2, 2] }),
    ],
    constants: [weights('u', [8, 1, 3, 3], 1), weights('v', [8, 2, 3, 3], 2), weights('w', [8, 3, 2, 2], 3)],
    inputs: [value('x', [2, 1, 5, 9])],
    outputs: [value('y', [2, 6, 10, 18])],
  });
  await compareWithCpu(readModel(model(graph)), 'mse');
});

test('more steps than the GPU keeps losses of', async () => {
  const graph = graphOf({
    nodes: [node('MatMul', ['x', 'w'], ['y'], {})],
    constants: [weights('w', [6, 3], 1)],
    inputs: [value('x', [8, 6])],
    outputs: [value('y', [8, 3])],
  });
  await compareWithCpu(readModel(model(graph)), 'mse', 300);
});

test('a look', async () => {
  await compareWithCpu(readModel(await fetchBytes('lean-64-uint16-colour.onnx')), 'l1');
});
