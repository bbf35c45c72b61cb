// Runs a graph once on one backend, for tests without a look.

import type { Plan } from '../engine/graph/passes/plan.ts';
import { defaultLiveInputs } from '../engine/live-inputs.ts';
import type { Context } from '../engine/webgl2/runtime/context.ts';
import { Network } from '../engine/webgl2/runtime/network.ts';
import { TrainingNetwork } from '../engine/webgl2/runtime/training-network.ts';
import { fetchKernels } from '../engine/webgpu/kernels/compile.ts';
import type { KernelConfig } from '../engine/webgpu/kernels/config.ts';
import type { ExtendedKernels } from '../engine/webgpu/kernels/shader.ts';
import { ArrayRunner } from '../engine/webgpu/runtime/array-runner.ts';
import { BufferAllocator, withErrorScopes } from '../engine/webgpu/runtime/memory.ts';
import { PipelineCache } from '../engine/webgpu/runtime/pipeline-cache.ts';
import { makePlanBuffers } from '../engine/webgpu/runtime/plan-buffers.ts';
import { defaultConfig } from '../engine/webgpu/tuning/defaults.ts';

type Arrays = Record<string, Float32Array>;

export async function runOnWebgpu(
  plan: Plan,
  device: GPUDevice,
  inputs: Arrays,
  config: KernelConfig = defaultConfig(device),
  kernels: ExtendedKernels | null = null,
): Promise<Arrays> {
  const extended = kernels ?? (await fetchKernels(plan));
  const allocator = new BufferAllocator(device);
  try {
    const pipelines = await withErrorScopes(
      device,
      () => new PipelineCache(allocator, makePlanBuffers(allocator, plan, config), config),
    );
    const runner = await ArrayRunner.create(
      { plan, extended, steps: [], painted: null, late: [], guide: null },
      pipelines,
    );
    return await runner.run(inputs, defaultLiveInputs(plan), {});
  } finally {
    allocator.destroy();
  }
}

export async function runOnWebgl2(plan: Plan, context: Context, inputs: Arrays): Promise<Arrays> {
  const network = new Network({ ...context, ownsCanvas: false }, plan, { frame: null, size: [1, 1] });
  try {
    await network.prepare();
    return await network.run(inputs, defaultLiveInputs(plan));
  } finally {
    network.destroy();
  }
}

/** With the draws of training. */
export async function trainOnWebgl2(plan: Plan, context: Context, inputs: Arrays): Promise<Arrays> {
  const network = new TrainingNetwork({ ...context, ownsCanvas: false }, plan);
  try {
    await network.prepare();
    await network.waitForPrograms();
    return await network.run(inputs, defaultLiveInputs(plan));
  } finally {
    network.destroy();
  }
}
