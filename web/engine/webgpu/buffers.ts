// What painting and `run` share: a plan's buffers, the live values, and recording a kernel.

import type { Operation, Source } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import { toBlocks } from './arrays.ts';
import type { Memory } from './memory.ts';
import type { Compiled } from './pipelines.ts';

export function dispatch(
  pass: GPUComputePassEncoder,
  { kernel, pipeline }: Compiled,
  group: GPUBindGroup,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...kernel.workgroups);
}

export const isSource = (operation: Operation): operation is Source => operation.kind === 'source';

export function liveValues(plan: Plan): Float32Array<ArrayBuffer> {
  const values = new Float32Array(Math.max(4, Math.ceil(plan.live.length / 4) * 4));
  plan.live.forEach((live, i) => {
    values[i] = live.default;
  });
  return values;
}

/** What all kernels of a plan share: its buffers, and the two small uniforms. */
export interface Shared {
  readonly buffers: readonly GPUBuffer[];
  readonly live: GPUBuffer;
  readonly crop: GPUBuffer;
}

/** The plan's buffers, with the live values and the constants among its tensors written. */
export function makeShared(memory: Memory, plan: Plan): Shared {
  const { queue } = memory.device;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = plan.buffers.map((size, i) => memory.make(`values ${i}`, size, usage));
  for (const [tensor, place] of plan.places) {
    const buffer = buffers[place.buffer];
    if (tensor.constant && buffer) queue.writeBuffer(buffer, 0, toBlocks(tensor, tensor.constant));
  }
  const uniform = (label: string, size: number) =>
    memory.make(label, size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  const values = liveValues(plan);
  const live = uniform('live', values.byteLength);
  queue.writeBuffer(live, 0, values);
  return { buffers, live, crop: uniform('crop', 32) };
}
