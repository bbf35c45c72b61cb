// The buffers of a plan, which painting and `run` share.

import type { ConstantData } from '../../codegen/constant-data.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { defaultLiveInputs } from '../../live-inputs.ts';
import type { KernelConfig } from '../kernels/config.ts';
import { narrowValues, storedBytes } from '../kernels/precision.ts';
import type { BufferAllocator } from './memory.ts';
import { packNhwc4 } from './nhwc4.ts';

/** Of a block of four channels in float32. */
const BLOCK_BYTES = 16;

/** What all kernels of a plan share: its buffers and two small uniforms. */
export interface PlanBuffers {
  /** Allocated on first use: painting needs fewer buffers than `run`. */
  readonly buffer: (index: number) => GPUBuffer;
  readonly live: GPUBuffer;
  readonly crop: GPUBuffer;
  readonly learned?: LearnedBuffers['learned'];
}

/** What a plan may bring along, whose weights are learned on the same device. */
export interface LearnedBuffers {
  /** Buffers that exist already, by their numbers in the plan. */
  readonly given?: ReadonlyMap<number, GPUBuffer>;
  /** Where constants lie that are positions of learned weights; null for any other. */
  readonly learned?: ((data: ConstantData) => GPUBufferBinding | null) | undefined;
  /** Brings learned weights up to date. `run` calls it right before it dispatches. */
  readonly update?: () => void;
}

/** Makes the plan's buffers, with the default live inputs and the constant tensors. */
export function makePlanBuffers(
  allocator: BufferAllocator,
  plan: Plan & LearnedBuffers,
  { precision }: KernelConfig,
): PlanBuffers {
  const { queue } = allocator.device;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffers = new Map(plan.given);
  // Convolutions read beyond the border in a block that nothing writes, so that it is zero.
  const hasBorder = new Set(
    plan.operations.map(({ kind, inputs: [x] }) => x && kind === 'convolution' && plan.slices.get(x)?.buffer),
  );
  const buffer = (index: number): GPUBuffer => {
    const size = (plan.buffers[index] ?? 0) + (hasBorder.has(index) ? BLOCK_BYTES : 0);
    const bytes = storedBytes(precision, size);
    const made = buffers.get(index) ?? allocator.allocate(`values ${index}`, bytes, usage);
    buffers.set(index, made);
    return made;
  };
  for (const [tensor, slice] of plan.slices) {
    if (!tensor.constant) continue;
    queue.writeBuffer(buffer(slice.buffer), 0, narrowValues(precision, packNhwc4(tensor, tensor.constant)));
  }
  const uniform = (label: string, size: number) =>
    allocator.allocate(label, size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  const values = defaultLiveInputs(plan);
  const live = uniform('live', values.byteLength);
  queue.writeBuffer(live, 0, values);
  return { buffer, live, crop: uniform('crop', 32), learned: plan.learned };
}
