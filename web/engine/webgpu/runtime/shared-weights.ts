// The weights of a painter that shares them with a training on the same device. Kernels read biases and the like from the
// state itself; weights of convolutions are packed from there, for all steps since the last painting at once. All is
// made when the kernels are: a painting records some dispatches.

import type { ConstantData } from '../../codegen/constant-data.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import { STATE } from '../../graph/passes/training-plan.ts';
import type { Precision } from '../../painter.ts';
import { linearWorkgroups } from '../kernels/kernel.ts';
import { narrowStateCode, packSumsCode, packWeightsCode } from '../kernels/pack-state.ts';
import { storedBytes } from '../kernels/precision.ts';
import type { BufferAllocator } from './memory.ts';
import { ALIGNMENT, placesOf, termPlacesOf } from './packed-weights.ts';
import type { LearnedBuffers } from './plan-buffers.ts';
import type { SharedState } from './shared-state.ts';
import type { StateKernel } from './state-kernel.ts';

const WORD = 4;
const BLOCK = WORD * LANES;

/** What packs weights: each from its place in the state, or as a sum of up to four. */
const PACKINGS = {
  single: { label: 'pack', code: packWeightsCode, words: 1, numbers: LANES },
  sum: { label: 'pack sums', code: packSumsCode, words: LANES, numbers: 1 },
} as const;
type Packing = keyof typeof PACKINGS;

/** Buffers of packed weights, and of their places in the state; filled up to `used` bytes of weights. */
interface Room {
  readonly packed: GPUBuffer;
  readonly places: GPUBuffer;
  used: number;
}

interface SharedWeightsOptions {
  /** The parameter that each array of positions of learned weights is about. */
  readonly parameters: ReadonlyMap<object, string>;
  /** Of arrays that number sums: the positions of the terms of each. */
  readonly terms: ReadonlyMap<object, Float32Array>;
  /** Of the values between layers, and so of what kernels read of the state. */
  readonly precision: Precision;
  /** Bytes that packed weights may need, of each kind. If it is too little, there are more dispatches. */
  readonly bytes: Readonly<Record<Packing, number>>;
}

export class SharedWeights implements Required<LearnedBuffers> {
  readonly given: ReadonlyMap<number, GPUBuffer>;
  readonly #kernels: StateKernel[] = [];
  readonly #bindings = new Map<object, Map<string, GPUBufferBinding>>();
  readonly #starts: ReadonlyMap<string, number>;
  readonly #pipelines = new Map<Packing, GPUComputePipeline>();
  readonly #rooms = new Map<Packing, Room>();
  /** The version of the state that is packed. */
  #version = -1;

  constructor(
    readonly allocator: BufferAllocator,
    readonly shared: SharedState,
    readonly options: SharedWeightsOptions,
  ) {
    const { buffer, places } = shared.state;
    this.#starts = new Map(places.map(({ name, start }) => [name, start * LANES]));
    this.given = new Map([[STATE, options.precision === 'float16' ? this.#narrowed() : buffer]]);
  }

  get #device(): GPUDevice {
    return this.allocator.device;
  }

  /** The state as halves. */
  #narrowed(): GPUBuffer {
    const { buffer, stateBlocks } = this.shared.state;
    const size = storedBytes('float16', BLOCK * stateBlocks);
    const narrowed = this.allocator.allocate('state', size, GPUBufferUsage.STORAGE);
    this.#add('narrow', this.#compile('narrow', narrowStateCode()), [buffer, narrowed], stateBlocks);
    return narrowed;
  }

  #compile(label: string, code: string): GPUComputePipeline {
    const module = this.#device.createShaderModule({ label, code });
    return this.#device.createComputePipeline({ label, layout: 'auto', compute: { module } });
  }

  #add(label: string, pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[], threads: number): void {
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = this.#device.createBindGroup({ label, layout: pipeline.getBindGroupLayout(0), entries });
    this.#kernels.push({ pipeline, group, workgroups: linearWorkgroups(threads) });
  }

  /** Finds room for weights in a layout that no kernel had before. */
  readonly learned = (data: ConstantData): GPUBufferBinding | null => {
    const { owner, layout, bytes } = data;
    const parameter = this.options.parameters.get(owner);
    if (parameter === undefined) return null;
    const own = this.#bindings.get(owner) ?? new Map<string, GPUBufferBinding>();
    this.#bindings.set(owner, own);
    const known = own.get(layout);
    if (known) return known;
    const size = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const terms = this.options.terms.get(owner);
    const packing = terms ? 'sum' : 'single';
    const room = this.#roomFor(packing, size);
    const binding = { buffer: room.packed, offset: room.used, size: bytes };
    const start = this.#starts.get(parameter) ?? 0;
    const places = terms ? termPlacesOf(data, terms, start) : placesOf(data, start);
    this.#device.queue.writeBuffer(room.places, PACKINGS[packing].words * room.used, places);
    room.used += size;
    own.set(layout, binding);
    this.#version = -1;
    // Before the kernels that are made now are dispatched.
    queueMicrotask(() => this.update());
    return binding;
  };

  #roomFor(packing: Packing, size: number): Room {
    const last = this.#rooms.get(packing);
    if (last && last.used + size <= last.packed.size) return last;
    const { label, code, words, numbers } = PACKINGS[packing];
    const bytes = Math.max(size, last ? 0 : this.options.bytes[packing]);
    const { STORAGE, COPY_DST } = GPUBufferUsage;
    const packed = this.allocator.allocate('packed weights', bytes, STORAGE);
    const places = this.allocator.allocate('positions', words * bytes, STORAGE | COPY_DST);
    const pipeline = this.#pipelines.get(packing) ?? this.#compile(label, code());
    this.#pipelines.set(packing, pipeline);
    this.#add(label, pipeline, [this.shared.state.buffer, places, packed], bytes / WORD / numbers);
    const room = { packed, places, used: 0 };
    this.#rooms.set(packing, room);
    return room;
  }

  /** Packs the weights, if they are other ones by now. */
  readonly update = (): void => {
    const { version } = this.shared;
    // There are no buffers once they are destroyed, as they may be before a microtask.
    if (this.#version === version || this.allocator.bytes === 0) return;
    this.#version = version;
    const encoder = this.#device.createCommandEncoder({ label: 'pack' });
    const pass = encoder.beginComputePass({ label: 'pack' });
    for (const { pipeline, group, workgroups } of this.#kernels) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  };
}
