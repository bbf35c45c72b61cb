// Benchmarks a candidate shape on the largest layer of its class.

import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { compile } from '../kernels/compile.ts';
import type { ConvClass, KernelConfig } from '../kernels/config.ts';
import { classOf, isTiledConv } from '../kernels/conv-class.ts';
import type { FrameProgram } from '../runtime/frame-program.ts';
import { withErrorScopes } from '../runtime/memory.ts';
import { awaitKernel, dispatch, makeBindGroup } from '../runtime/pipeline-cache.ts';

/** Resolves to the milliseconds of `repeats` runs. They write the frame's buffers, which every frame overwrites. */
export type Benchmark = (repeats: number) => Promise<number>;

/** The costliest layer of a class. The one that writes the canvas is left out. */
function largestLayer({ framePlan, pipelines }: FrameProgram, name: ConvClass): Convolution | null {
  let [most, found]: [number, Convolution | null] = [0, null];
  for (const step of framePlan.steps) {
    if (step.kind !== 'single' || step.operation === framePlan.painted) continue;
    const { operation } = step;
    if (operation.kind !== 'convolution' || !isTiledConv(operation)) continue;
    if (classOf(pipelines.config, operation) !== name) continue;
    const cost = multiplyAdds(operation);
    if (cost > most) [most, found] = [cost, operation];
  }
  return found;
}

export async function benchmarkCandidate(
  program: FrameProgram,
  name: ConvClass,
  config: KernelConfig,
): Promise<Benchmark | null> {
  const layer = largestLayer(program, name);
  if (!layer) return null;
  const { framePlan, pipelines } = program;
  const { device } = pipelines;
  const { prepared, group } = await withErrorScopes(device, () => {
    const made = pipelines.prepare(compile({ ...framePlan, config }, layer));
    const bound = makeBindGroup(device, made, binding => {
      throw new Error(`A layer binds no ${binding.kind}.`);
    });
    return { prepared: made, group: bound };
  });
  const kernel = await awaitKernel(prepared);
  return async repeats => {
    const encoder = device.createCommandEncoder({ label: 'tuner' });
    const pass = encoder.beginComputePass({ label: 'tuner' });
    for (let i = 0; i < repeats; i++) dispatch(pass, kernel, group);
    pass.end();
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}
