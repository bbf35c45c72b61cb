// Training steps on WebGL2: what a step draws and creates, and slices. Losses and weights are compared with torch's in
// `trainer.webgl2.test.ts`.

import { expect, test } from 'vitest';
import { GpuCounters } from '../../bench/gpu-counters.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { adam } from '../../engine/training/optimizers/adam.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import type { Slice, StepSlices } from '../../engine/training/step-slices.ts';
import { createWebgl2Backend } from '../../engine/training/webgl2-backend.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';

const LENET = 'training-lenet';
const BATCH = 16;
const RATE = 1e-3;
/** Batches in the file. */
const STEPS = 100;

async function prepare() {
  const optimizer = adam();
  const model = readModel(await fetchBytes(`${LENET}.onnx`));
  const step = await makeTrainingStep(model, { loss: 'crossEntropy', dims: { batch: BATCH }, optimizer });
  const [x, target] = [await fetchFloats(`${LENET}.x`), await fetchFloats(`${LENET}.target`)];
  const part = (values: Float32Array, t: number) => {
    const size = values.length / STEPS;
    return values.subarray(t * size, (t + 1) * size);
  };
  const onLost = (reason: string) => {
    throw new Error(reason);
  };
  const backend = await createWebgl2Backend(step, optimizer, { onLost });
  const train = async (t: number) => {
    const batch = new Map([
      ['x', part(x, t)],
      [step.target, part(target, t)],
    ]);
    await backend.step(batch, optimizer.scalars(t + 1, RATE));
  };
  return { step, backend, train };
}

test('a step of LeNet draws 3.5 times as often as the forward pass at most, and creates nothing', async () => {
  const counters = new GpuCounters();
  const { step, backend, train } = await prepare();
  const forward = (await makePlan(await lower(step.inference), false)).operations.length;
  try {
    await train(0);
    await backend.finished();
    counters.reset();
    await train(1);
    await backend.finished();
    const { dispatches, pipelines, resources, readbacks } = counters.calls;
    expect(dispatches).toBeGreaterThan(forward);
    expect(dispatches).toBeLessThanOrEqual(3.5 * forward);
    expect({ pipelines, resources, readbacks }).toEqual({ pipelines: 0, resources: 0, readbacks: 0 });
  } finally {
    backend.destroy();
  }
});

/** How a step is sliced, for that many draws. */
const SLICES: readonly ((count: number) => Slice[])[] = [
  count => [[0, count]],
  count => Array.from({ length: count }, (_, i): Slice => [i, i + 1]),
  count => [
    [0, 3],
    [3, count],
  ],
];

test('the same steps give the same bits, however they are sliced', async () => {
  const results: [Float32Array, Float32Array | undefined][] = [];
  for (const slice of SLICES) {
    const { step, backend, train } = await prepare();
    const count = backend.nextDraws().length;
    const slices: StepSlices | undefined = backend.pace?.slices;
    if (!slices) throw new Error('There are no slices.');
    slices.split = () => slice(count);
    const name = step.parameters[0]?.name ?? '';
    try {
      for (let t = 0; t < 5; t++) await train(t);
      results.push([await backend.losses(), (await backend.read([name])).get(name)]);
    } finally {
      backend.destroy();
    }
  }
  expect(results[0]?.[0].length).toBe(5);
  expect(results[0]?.[1]?.length).toBeGreaterThan(0);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
