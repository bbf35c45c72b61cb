// What painting and `run` share: a plan's buffers, the live values, and recording a kernel.

import { EngineError } from '../error.ts';
import type { Operation, Source } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import { toBlocks } from './arrays.ts';
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

/** The plan's buffers, with the constants among its tensors written. */
export function makeBuffers(device: GPUDevice, plan: Plan): GPUBuffer[] {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  const buffers = plan.buffers.map((size, i) => {
    if (size > most)
      throw new EngineError(`The model needs ${size} bytes in one buffer; this GPU allows ${most}.`);
    return device.createBuffer({ label: `values ${i}`, size, usage });
  });
  for (const [tensor, place] of plan.places) {
    const buffer = buffers[place.buffer];
    if (tensor.constant && buffer) device.queue.writeBuffer(buffer, 0, toBlocks(tensor, tensor.constant));
  }
  return buffers;
}
