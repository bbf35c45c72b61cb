// Gradients of the operators that have weights, by values that a training holds, against torch in float64: through learned
// weights, flat gradients in parts, and the update. `gradients.test.ts` has all operators.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { differentiate } from '../../engine/autograd/gradients.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { slotName } from '../../engine/training/backend.ts';
import type { Optimizer } from '../../engine/training/optimizers/optimizer.ts';
import type { TrainingStep } from '../../engine/training/step.ts';
import { createWebgpuBackend } from '../../engine/training/webgpu-backend.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { gradientDifference } from '../gradients.ts';

interface Case {
  readonly name: string;
  readonly op: string;
  readonly inputs: number;
}

const WITH_WEIGHTS = ['Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'PRelu'];
const all: Case[] = await (await fetch('/gradients.json')).json();
const cases = all.filter(({ op }) => WITH_WEIGHTS.includes(op) || op.endsWith('Normalization'));
const TOLERANCE = 1e-4;

/** Leaves the weights as they are, and keeps their gradients. */
const KEEPER: Optimizer = {
  name: 'keeper',
  slots: [{ name: 'gradient', initial: 0 }],
  scalars: () => [],
  update: ({ weight, gradient }) => ({ weight, slots: [gradient] }),
};

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

async function makeStep(name: string, wanted: readonly string[]): Promise<TrainingStep> {
  const inference = readModel(await fetchBytes(`${name}.onnx`));
  const { model, gradients } = await differentiate(inference, 'loss', wanted);
  const parameters = wanted.map(async one => {
    const known = inference.constants.get(one);
    if (known) return known;
    const dims = inference.inputs.find(input => input.name === one)?.dims ?? [];
    return constantOf(one, dims.map(Number), await fetchFloats(`${name}.${one}`));
  });
  const constants = new Map([...model.constants].filter(([one]) => !wanted.includes(one)));
  return {
    model: { ...model, constants },
    inference,
    gradients,
    loss: 'loss',
    parameters: await Promise.all(parameters),
    statistics: [],
    comparedDims: [],
    random: null,
    directions: new Map(),
    target: '',
  };
}

test.each(cases)('$name is as in torch', async ({ name, inputs }) => {
  const wanted = Array.from({ length: inputs }, (_, i) => `x${i}`);
  const step = await makeStep(name, wanted);
  const backend = await createWebgpuBackend(step, KEEPER, { device });
  try {
    const given = step.inference.inputs.filter(one => !wanted.includes(one.name));
    const arrays = given.map(async one => [one.name, await fetchFloats(`${name}.${one.name}`)] as const);
    await backend.step(new Map(await Promise.all(arrays)), [], 0);
    const kept = wanted.map(one => slotName(one, 'gradient'));
    const made = await backend.read(kept);
    for (const [i, one] of kept.entries()) {
      const expected = await fetchFloats(`${name}.g${i}`);
      expect(gradientDifference(made.get(one) ?? [], expected), one).toBeLessThan(TOLERANCE);
    }
  } finally {
    backend.destroy();
  }
});
