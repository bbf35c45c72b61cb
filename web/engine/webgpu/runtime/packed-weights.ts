// Learned weights, packed for the kernels that read them: all of them in one buffer, which one dispatch fills from the
// state.

import type { ConstantData } from '../../codegen/constant-data.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import type { StatePlace } from '../../graph/passes/training-plan.ts';
import { linearWorkgroups } from '../kernels/kernel.ts';
import { packWeightsCode } from '../kernels/pack-state.ts';
import type { BufferAllocator } from './memory.ts';
import { prepareProgram, type StateKernel } from './state-kernel.ts';

/** Bindings begin at multiples of it. */
export const ALIGNMENT = 256;
const WORD = 4;

interface Region {
  readonly data: ConstantData;
  readonly offset: number;
}

export class PackedWeights {
  readonly #regions = new Map<object, Map<string, Region>>();
  #bytes = 0;
  #buffer: GPUBuffer | null = null;

  /** `parameters` has the parameter that each array of positions is about. */
  constructor(readonly parameters: ReadonlyMap<object, string>) {}

  isLearned({ owner }: ConstantData): boolean {
    return this.parameters.has(owner);
  }

  /** Makes room for weights in a layout. Call it for all of them before `prepare`. */
  add(data: ConstantData): void {
    if (!this.isLearned(data)) return;
    const own = this.#regions.get(data.owner) ?? new Map<string, Region>();
    this.#regions.set(data.owner, own);
    if (own.has(data.layout)) return;
    own.set(data.layout, { data, offset: this.#bytes });
    this.#bytes += Math.ceil(data.bytes / ALIGNMENT) * ALIGNMENT;
  }

  /** What a kernel binds for them. */
  resource({ owner, layout }: ConstantData): GPUBufferBinding | null {
    const region = this.#regions.get(owner)?.get(layout);
    if (!region || !this.#buffer) return null;
    return { buffer: this.#buffer, offset: region.offset, size: region.data.bytes };
  }

  /** Makes the buffer, and the kernel that fills it; null if no weights are learned. */
  prepare(
    allocator: BufferAllocator,
    state: GPUBuffer,
    places: readonly StatePlace[],
  ): Promise<StateKernel> | null {
    if (this.#bytes === 0) return null;
    const { STORAGE, COPY_DST } = GPUBufferUsage;
    const packed = allocator.allocate('packed weights', this.#bytes, STORAGE);
    const positions = allocator.allocate('positions', this.#bytes, STORAGE | COPY_DST);
    this.#buffer = packed;
    const { device } = allocator;
    device.queue.writeBuffer(positions, 0, this.#positions(places));
    const workgroups = linearWorkgroups(this.#bytes / WORD / LANES);
    const resources = [state, positions, packed].map(buffer => ({ buffer }));
    return prepareProgram(device, 'pack', packWeightsCode(), resources, workgroups);
  }

  /** The place of each packed number in the state; 0 for padding. */
  #positions(places: readonly StatePlace[]): Uint32Array<ArrayBuffer> {
    const starts = new Map(places.map(({ input, start }) => [input, start * LANES]));
    const made = new Uint32Array(this.#bytes / WORD);
    for (const [owner, layouts] of this.#regions) {
      const start = starts.get(this.parameters.get(owner) ?? '') ?? 0;
      for (const { data, offset } of layouts.values()) {
        made.set(placesOf(data, start), offset / WORD);
      }
    }
    return made;
  }
}

/** The places in the state of the terms of each packed sum, four by four; 0 for those that there are not. `terms` are their
 * positions in a parameter that begins there. */
export function termPlacesOf(
  data: ConstantData,
  terms: Float32Array,
  start: number,
): Uint32Array<ArrayBuffer> {
  const made = new Uint32Array(LANES * (data.bytes / WORD));
  placesOf(data, 1).forEach((sum, i) => {
    for (let k = 0; sum > 0 && k < LANES; k++) {
      const position = terms[LANES * (sum - 1) + k] ?? 0;
      if (position > 0) made[LANES * i + k] = start + position - 1;
    }
  });
  return made;
}

/** The place in the state of each packed number of a parameter that begins there; 0 for padding. */
export function placesOf(data: ConstantData, start: number): Uint32Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(data.bytes);
  data.fill(bytes);
  return Uint32Array.from(new Float32Array(bytes), position => (position > 0 ? start + position - 1 : 0));
}
