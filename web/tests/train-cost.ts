// Measures a training step of LeNet-5 on a GPU: dispatches or draws, CPU time of a software GPU, and that of each of them.

import type { Tensor } from '../engine/graph/ir/tensor.ts';
import { lower } from '../engine/graph/lowering/lower.ts';
import { makePlan } from '../engine/graph/passes/plan.ts';
import { readModel } from '../engine/onnx/model.ts';
import type { TrainingBackend } from '../engine/training/backend.ts';
import { workFinished } from '../engine/training/fence-timer.ts';
import { adam } from '../engine/training/optimizers/adam.ts';
import type { Optimizer } from '../engine/training/optimizers/optimizer.ts';
import { makeTrainingStep, type TrainingStep } from '../engine/training/step.ts';
import { createWebgl2Backend } from '../engine/training/webgl2-backend.ts';
import { createWebgpuBackend } from '../engine/training/webgpu-backend.ts';
import { requestDevice } from '../engine/webgpu/runtime/device.ts';
import { fetchBytes } from './fetch.ts';

/** One dispatch or draw of the step. */
export interface DispatchCost {
  readonly name: string;
  readonly kind: string;
  readonly shapes: string;
  /** Workgroups, or texels and layers. */
  readonly size: string;
  /** Milliseconds of CPU time. */
  readonly processor: number;
}

const REPEATS = 8;

/** A step on one backend. */
interface Measured {
  readonly backend: TrainingBackend;
  readonly count: () => number;
  /** Measures each dispatch or draw, some times. */
  readonly measureEach: () => Promise<DispatchCost[]>;
  readonly destroy: () => void;
}

const shapesOf = (tensors: readonly Tensor[]): string =>
  tensors.map(({ shape }) => shape.join('x')).join(' ');

async function onWebgpu(step: TrainingStep, optimizer: Optimizer): Promise<Measured> {
  const device = await requestDevice();
  const backend = await createWebgpuBackend(step, optimizer, { device });
  const { program } = backend;
  const { operations } = program.training.plan;
  const measureEach = async () => {
    const costs: DispatchCost[] = [];
    for (const [i, kernel] of program.kernels.entries()) {
      const operation = operations[i];
      await device.queue.onSubmittedWorkDone();
      const before = await processorTime();
      program.submit(Array(REPEATS).fill(kernel));
      await device.queue.onSubmittedWorkDone();
      costs.push({
        name: operation?.name ?? (i === operations.length ? 'update' : 'pack'),
        kind: operation?.kind ?? '',
        shapes: operation ? shapesOf([...operation.inputs, operation.output]) : '',
        size: kernel.workgroups.join(' x '),
        processor: ((await processorTime()) - before) / REPEATS,
      });
    }
    return costs;
  };
  const destroy = () => {
    backend.destroy();
    device.destroy();
  };
  return { backend, count: () => program.kernels.length, measureEach, destroy };
}

async function onWebgl2(step: TrainingStep, optimizer: Optimizer): Promise<Measured> {
  const onLost = (reason: string) => {
    throw new Error(reason);
  };
  const backend = await createWebgl2Backend(step, optimizer, { onLost });
  const { network } = backend;
  const { gl } = network.context;
  const measureEach = async () => {
    const costs: DispatchCost[] = [];
    for (const { prepared, live } of backend.nextDraws()) {
      await workFinished(gl);
      const before = await processorTime();
      for (let i = 0; i < REPEATS; i++) network.draw(prepared, live);
      await workFinished(gl);
      const { area, layers, draw } = prepared;
      costs.push({
        name: draw.label,
        kind: '',
        shapes: `sizes ${draw.sizes.join(' ')}`,
        size: `${area.width} x ${area.height} x ${layers}`,
        processor: ((await processorTime()) - before) / REPEATS,
      });
    }
    return costs;
  };
  return {
    backend,
    count: () => backend.nextDraws().length,
    measureEach,
    destroy: () => backend.destroy(),
  };
}

export async function measureStep(name: 'webgpu' | 'webgl2', batch: number, steps: number, each: boolean) {
  const model = readModel(await fetchBytes('training-lenet.onnx'));
  const step = await makeTrainingStep(model, { loss: 'crossEntropy', dims: { batch } });
  const forward = (await makePlan(await lower(step.inference), false)).operations.length;
  const optimizer = adam();
  const before = await processorTime();
  const { backend, count, measureEach, destroy } = await (name === 'webgpu' ? onWebgpu : onWebgl2)(
    step,
    optimizer,
  );
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
  const dispatches = each ? await measureEach() : [];
  const { adapter } = backend;
  const own = count();
  destroy();
  return { adapter, forward, count: own, compiling, processor, wall, dispatches, losses: losses.slice(-3) };
}
