// A training step on the GPU: its kernels, bound, and the buffers of the state. All is made once; a step only writes its
// inputs and submits.

import type { UpdateFormula } from '../../codegen/update-formula.ts';
import { EngineError } from '../../error.ts';
import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import { CHANGES, STATE, type TrainingPlan } from '../../graph/passes/training-plan.ts';
import type { KernelConfig } from '../kernels/config.ts';
import { type Kernel, linearWorkgroups } from '../kernels/kernel.ts';
import { compileStateUpdate, type StateUpdate, uniformVectors } from '../kernels/state-update.ts';
import { compileStepKernel, fetchStepKernels } from '../kernels/step-kernel.ts';
import { type BufferAllocator, withErrorScopes } from './memory.ts';
import { PackedWeights } from './packed-weights.ts';
import { awaitKernel, makeBindGroup, PipelineCache } from './pipeline-cache.ts';
import { makePlanBuffers, type PlanBuffers } from './plan-buffers.ts';
import { prepareProgram, type StateKernel } from './state-kernel.ts';

const BLOCK = 16;
/** Products in a millisecond, and what else a dispatch takes: guesses for a slow GPU, until it is measured. */
const PRODUCTS_PER_MS = 1e6;
const DISPATCH_MS = 0.05;

export interface TrainingProgramOptions {
  readonly config: KernelConfig;
  /** The parameter that each array of positions of learned weights is about. */
  readonly parameters: ReadonlyMap<object, string>;
  /** By the parameter's name. */
  readonly formulas: ReadonlyMap<string, UpdateFormula>;
  readonly scalars: number;
  readonly loss: Tensor;
  /** Losses that stay on the GPU until they are read. */
  readonly ring: number;
  /** The number that all gradients are multiplied by; null for 1. */
  readonly scale: Tensor | null;
}

/** The buffers of a training that no operation has. */
interface StateBuffers {
  /** Parameters and statistics, and then the slots of all parameters, one after the other. */
  readonly state: GPUBuffer;
  readonly changes: GPUBuffer;
  readonly ring: GPUBuffer;
  readonly uniform: GPUBuffer;
}

export class TrainingProgram {
  private constructor(
    readonly allocator: BufferAllocator,
    readonly training: TrainingPlan,
    readonly planBuffers: PlanBuffers,
    readonly buffers: StateBuffers,
    /** The dispatches of a step, in order. */
    readonly kernels: readonly StateKernel[],
    /** Packs the weights after the state was written; null if no weights are packed. */
    readonly pack: StateKernel | null,
    /** What each dispatch may take, in milliseconds. */
    readonly costs: readonly number[],
  ) {}

  static async create(
    allocator: BufferAllocator,
    training: TrainingPlan,
    options: TrainingProgramOptions,
  ): Promise<TrainingProgram> {
    const { device } = allocator;
    const { plan, places } = training;
    const { config, parameters } = options;
    const packed = new PackedWeights(parameters);
    const results = Array.from(options.formulas.values(), one => one.results).flat();
    const extended = await fetchStepKernels(plan.operations, results);
    const made = await withErrorScopes(device, () => {
      const buffers = allocateState(allocator, training, options);
      const planBuffers = bufferSlabs(makePlanBuffers(allocator, plan, config), buffers, packed);
      const pipelines = new PipelineCache(allocator, planBuffers, config);
      const context = { plan, config, extended };
      const kernels = plan.operations.map((operation): Kernel => {
        if (operation.kind === 'frameInput') throw new EngineError('A training step reads no camera.');
        return compileStepKernel(context, operation);
      });
      for (const { bindings } of kernels)
        for (const binding of bindings) if (binding.kind === 'data') packed.add(binding.data);
      const pack = packed.prepare(allocator, buffers.state, places);
      const prepared = kernels.map(kernel => {
        const one = pipelines.prepare(kernel);
        const group = makeBindGroup(device, one, binding => {
          throw new EngineError(`A training step binds no ${binding.kind}.`);
        });
        return { one, group };
      });
      const helpers = extended.functions;
      const update = prepareUpdate(allocator, training, planBuffers, buffers, { ...options, helpers });
      return { buffers, planBuffers, prepared, pack, update };
    });
    const bound = made.prepared.map(async ({ one, group }): Promise<StateKernel> => {
      const { pipeline, kernel } = await awaitKernel(one);
      return { pipeline, group, workgroups: kernel.workgroups };
    });
    const [kernels, pack, update] = await Promise.all([Promise.all(bound), made.pack, made.update]);
    const blocks = training.stateBlocks + training.changeBlocks;
    const costs = [
      ...plan.operations.map(one => DISPATCH_MS + multiplyAdds(one) / PRODUCTS_PER_MS),
      ...(pack ? [update, pack] : [update]).map(() => DISPATCH_MS + blocks / PRODUCTS_PER_MS),
    ];
    const all = [...kernels, update, ...(pack ? [pack] : [])];
    return new TrainingProgram(allocator, training, made.planBuffers, made.buffers, all, pack, costs);
  }

  /** Submits some dispatches of a step. */
  submit(kernels: readonly StateKernel[]): void {
    const { device } = this.allocator;
    const encoder = device.createCommandEncoder({ label: 'step' });
    const pass = encoder.beginComputePass({ label: 'step' });
    for (const { pipeline, group, workgroups } of kernels) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
}

function allocateState(
  allocator: BufferAllocator,
  { stateBlocks, changeBlocks }: TrainingPlan,
  { formulas, scalars, ring }: TrainingProgramOptions,
): StateBuffers {
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
  const tensors = Math.max(1, ...Array.from(formulas.values(), ({ results }) => results.length));
  const usage = STORAGE | COPY_DST | COPY_SRC;
  return {
    // Convolutions may read a block beyond the end, which is zero.
    state: allocator.allocate('state', BLOCK * (tensors * stateBlocks + 1), usage),
    changes: allocator.allocate('changes', BLOCK * (changeBlocks + 1), usage),
    ring: allocator.allocate('losses', 4 * ring, STORAGE | COPY_SRC),
    uniform: allocator.allocate('scalars', BLOCK * uniformVectors(scalars), UNIFORM | COPY_DST),
  };
}

const bufferSlabs = (
  own: PlanBuffers,
  { state, changes }: StateBuffers,
  packed: PackedWeights,
): PlanBuffers => ({
  ...own,
  buffer: index => (index === STATE ? state : index === CHANGES ? changes : own.buffer(index)),
  learned: data => packed.resource(data),
});

function prepareUpdate(
  allocator: BufferAllocator,
  { plan, places, stateBlocks }: TrainingPlan,
  planBuffers: PlanBuffers,
  { state, changes, ring, uniform }: StateBuffers,
  { formulas, helpers, scalars, loss, scale }: TrainingProgramOptions & Pick<StateUpdate, 'helpers'>,
): Promise<StateKernel> {
  const { device } = allocator;
  const locate = (tensor: Tensor) => {
    const slice = plan.slices.get(tensor);
    if (!slice) throw new EngineError(`The tensor '${tensor.name}' has no buffer.`);
    return { buffer: planBuffers.buffer(slice.buffer), at: slice.offset };
  };
  const [lossPlace, scalePlace] = [locate(loss), scale && locate(scale)];
  const [lossAt, scaleAt] = [lossPlace.at, scalePlace?.at ?? null];
  const update = { formulas, helpers, scalars, stateBlocks, lossAt, scaleAt };
  const { code, table, groups } = compileStateUpdate(places, update);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const entries = allocator.allocate('table', table.byteLength, usage);
  device.queue.writeBuffer(entries, 0, table);
  const given = [state, changes, entries, uniform, lossPlace.buffer, ring];
  const bound = [...given, ...(scalePlace ? [scalePlace.buffer] : [])];
  const resources = bound.map(buffer => ({ buffer }));
  return prepareProgram(device, 'update', code, resources, linearWorkgroups(groups, 1));
}

/** Where a tensor of the state lies. */
export interface StateRegion {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly elements: number;
}

/** Regions of the state by name. `slots` are the names of what the optimizer keeps for a parameter. */
export function stateRegions(
  { training: { places, stateBlocks }, buffers }: TrainingProgram,
  slots: (parameter: string) => readonly string[],
): Map<string, StateRegion> {
  const regions = new Map<string, StateRegion>();
  for (const { name, start, elements, isReplaced } of places) {
    regions.set(name, { buffer: buffers.state, offset: BLOCK * start, elements });
    const kept = isReplaced ? [] : slots(name);
    kept.forEach((slot, i) => {
      const offset = BLOCK * (start + (i + 1) * stateBlocks);
      regions.set(slot, { buffer: buffers.state, offset, elements });
    });
  }
  return regions;
}
