// Trying a kernel: the largest layer of a class, run by itself.

import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { compile } from '../kernels/compile.ts';
import type { Class, Style } from '../kernels/config.ts';
import { classOf, isStrip } from '../kernels/conv-tiled.ts';
import type { Studio } from '../runtime/frame-program.ts';
import { checked } from '../runtime/memory.ts';
import { bindGroup, compiled, dispatch } from '../runtime/pipeline-cache.ts';

/** Milliseconds that so many runs of a layer take. They write where frames write, and every frame writes
 * all that it reads. */
export type Trial = (repeats: number) => Promise<number>;

/** The layer of a class that multiplies most; the painted one writes a canvas and is no layer to try. */
function largest({ merged, pipelines }: Studio, name: Class): Convolution | null {
  let [most, found]: [number, Convolution | null] = [0, null];
  for (const step of merged.steps) {
    if (step.kind !== 'plain' || step.operation === merged.painted) continue;
    const { operation } = step;
    if (operation.kind !== 'convolution' || !isStrip(operation)) continue;
    if (classOf(pipelines.style, operation) !== name) continue;
    const products = multiplyAdds(operation);
    if (products > most) [most, found] = [products, operation];
  }
  return found;
}

export async function trialOf(studio: Studio, name: Class, style: Style): Promise<Trial | null> {
  const layer = largest(studio, name);
  if (!layer) return null;
  const { merged, pipelines } = studio;
  const { device } = pipelines;
  const { prepared, group } = await checked(device, () => {
    const made = pipelines.prepare(compile({ ...merged, style }, layer));
    const bound = bindGroup(device, made, binding => {
      throw new Error(`A layer binds no ${binding.kind}.`);
    });
    return { prepared: made, group: bound };
  });
  const kernel = await compiled(prepared);
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
