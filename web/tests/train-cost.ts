// Measures a training step of LeNet-5 on WebGPU: dispatches, CPU time of a software GPU, and that of each dispatch.

import { lower } from '../engine/graph/lowering/lower.ts';
import { makePlan } from '../engine/graph/passes/plan.ts';
import { readModel } from '../engine/onnx/model.ts';
import { adam } from '../engine/training/optimizers/adam.ts';
import { makeTrainingStep } from '../engine/training/step.ts';
import { createWebgpuBackend } from '../engine/training/webgpu-backend.ts';
import { requestDevice } from '../engine/webgpu/runtime/device.ts';
import { fetchBytes } from './fetch.ts';

/** One dispatch of the step. */
export interface DispatchCost {
  readonly name: string;
  readonly kind: string;
  readonly shapes: string;
  readonly workgroups: string;
  /** Milliseconds of CPU time. */
  readonly processor: number;
}

const REPEATS = 8;

export async function measureStep(batch: number, steps: number, each: boolean) {
  const model = readModel(await fetchBytes('training-lenet.onnx'));
  const step = await makeTrainingStep(model, { loss: 'crossEntropy', dims: { batch } });
  const forward = (await makePlan(await lower(step.inference), false)).operations.length;
  const device = await requestDevice();
  const optimizer = adam();
  const before = await processorTime();
  const backend = await createWebgpuBackend(step, optimizer, { device });
  const inputs = new Map([
    ['x', Float32Array.from({ length: batch * 28 * 28 }, () => Math.random())],
    [step.target, Float32Array.from({ length: batch }, (_, i) => i % 10)],
  ]);
  let t = 0;
  const run = async (count: number) => {
    for (let i = 0; i < count; i++) {
      t += 1;
      await backend.step(inputs, optimizer.scalars(t, 1e-3), t);
    }
    await backend.finished();
  };
  await run(1);
  const compiling = (await processorTime()) - before;
  await run(5);
  const [start, used] = [performance.now(), await processorTime()];
  await run(steps);
  const processor = ((await processorTime()) - used) / steps;
  const wall = (performance.now() - start) / steps;
  const losses = await backend.losses();
  const dispatches: DispatchCost[] = [];
  const { program } = backend;
  const { operations } = program.training.plan;
  for (const [i, kernel] of each ? program.kernels.entries() : []) {
    const operation = operations[i];
    await device.queue.onSubmittedWorkDone();
    const own = await processorTime();
    program.submit(Array(REPEATS).fill(kernel));
    await device.queue.onSubmittedWorkDone();
    dispatches.push({
      name: operation?.name ?? (i === operations.length ? 'update' : 'pack'),
      kind: operation?.kind ?? '',
      shapes: operation
        ? [...operation.inputs, operation.output].map(({ shape }) => shape.join('x')).join(' ')
        : '',
      workgroups: kernel.workgroups.join(' x '),
      processor: ((await processorTime()) - own) / REPEATS,
    });
  }
  const { adapter } = backend;
  backend.destroy();
  device.destroy();
  const count = program.kernels.length;
  return { adapter, batch, forward, count, compiling, processor, wall, dispatches, losses: losses.slice(-3) };
}
