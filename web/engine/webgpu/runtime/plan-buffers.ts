// The buffers of a plan, which painting and `run` share.

import { EngineError } from '../../error.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { defaultLiveValues } from '../../live-inputs.ts';
import type { Style } from '../kernels/config.ts';
import { bytesIn, narrowed } from '../kernels/precision.ts';
import type { Memory } from './memory.ts';
import { toBlocks } from './nhwc4.ts';

/** What all kernels of a plan share: its buffers, and the two small uniforms. */
export interface Shared {
  /** Made when a kernel first wants it: painting does without some that `run` needs. */
  readonly buffer: (index: number) => GPUBuffer;
  readonly live: GPUBuffer;
  readonly crop: GPUBuffer;
}

/** The plan's buffers, with the live values and the constants among its tensors written. */
export function makeShared(memory: Memory, plan: Plan, { precision }: Style): Shared {
  const { queue } = memory.device;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = new Map<number, GPUBuffer>();
  const buffer = (index: number): GPUBuffer => {
    const size = plan.buffers[index];
    if (size === undefined) throw new EngineError(`The plan has no buffer ${index}.`);
    const made = buffers.get(index) ?? memory.make(`values ${index}`, bytesIn(precision, size), usage);
    buffers.set(index, made);
    return made;
  };
  for (const [tensor, place] of plan.slices) {
    if (!tensor.constant) continue;
    queue.writeBuffer(buffer(place.buffer), 0, narrowed(precision, toBlocks(tensor, tensor.constant)));
  }
  const uniform = (label: string, size: number) =>
    memory.make(label, size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  const values = defaultLiveValues(plan);
  const live = uniform('live', values.byteLength);
  queue.writeBuffer(live, 0, values);
  return { buffer, live, crop: uniform('crop', 32) };
}
