// GPU objects of kernels: pipelines (one per distinct text, compiled side by side and off the main thread),
// buffers filled once, and bind groups.

import { EngineError, impossible } from '../error.ts';
import type { Binding, Data, Kernel } from './kernel.ts';

const STORAGE_LIMIT = 8;

export interface Compiled {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Buffers of the bindings that never change; null where a frame gives the resource. */
  readonly fixed: readonly (GPUBuffer | null)[];
}

/** What kernels share: buffers of the plan and the two small uniforms. */
export interface Shared {
  readonly buffers: readonly GPUBuffer[];
  readonly live: GPUBuffer;
  readonly crop: GPUBuffer;
}

export class Pipelines {
  readonly #made = new Map<string, { layout: GPUBindGroupLayout; pipeline: Promise<GPUComputePipeline> }>();
  readonly #data = new Map<object, Map<string, GPUBuffer>>();
  readonly #own: GPUBuffer[] = [];

  constructor(
    readonly device: GPUDevice,
    readonly shared: Shared,
  ) {}

  get count(): number {
    return this.#made.size;
  }

  get bytes(): number {
    return this.#own.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  async compile(kernel: Kernel): Promise<Compiled> {
    const { layout, pipeline } = this.#pipeline(kernel);
    const fixed = kernel.bindings.map(binding => this.#fixed(binding));
    return { kernel, layout, fixed, pipeline: await pipeline };
  }

  #pipeline(kernel: Kernel): { layout: GPUBindGroupLayout; pipeline: Promise<GPUComputePipeline> } {
    const known = this.#made.get(kernel.code);
    if (known) return known;
    const storages = kernel.bindings.filter(binding => isStorage(binding)).length;
    if (storages > STORAGE_LIMIT) {
      throw new EngineError(
        `Node '${kernel.label}' reads ${storages - 1} tensors at once; WebGPU allows ${STORAGE_LIMIT - 1}.`,
      );
    }
    const { device } = this;
    const layout = device.createBindGroupLayout({
      label: kernel.label,
      entries: kernel.bindings.map((binding, i) => ({
        binding: i,
        visibility: GPUShaderStage.COMPUTE,
        ...layoutOf(binding),
      })),
    });
    const pipeline = device.createComputePipelineAsync({
      label: kernel.label,
      layout: device.createPipelineLayout({ label: kernel.label, bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label: kernel.label, code: kernel.code }),
        entryPoint: 'main',
      },
    });
    const made = { layout, pipeline };
    this.#made.set(kernel.code, made);
    return made;
  }

  #fixed(binding: Binding): GPUBuffer | null {
    switch (binding.kind) {
      case 'read':
      case 'write': {
        const buffer = this.shared.buffers[binding.buffer];
        if (!buffer) throw new EngineError(`The plan has no buffer ${binding.buffer}.`);
        return buffer;
      }
      case 'live':
        return this.shared.live;
      case 'crop':
        return this.shared.crop;
      case 'data':
        return this.#dataBuffer(binding.data);
      case 'sizes': {
        const { values } = binding;
        const fill = (target: ArrayBuffer) => new Int32Array(target).set(values);
        return this.#filled({ label: 'sizes', bytes: values.length * 4, fill }, GPUBufferUsage.UNIFORM);
      }
      case 'picture':
      case 'sampler':
      case 'external':
      case 'texture':
      case 'canvas':
        return null;
      default:
        return impossible(binding);
    }
  }

  /** Kernels of the same operation (one for `run`, one for the canvas) share its weights. */
  #dataBuffer(data: Data): GPUBuffer {
    const owned = this.#data.get(data.owner) ?? new Map<string, GPUBuffer>();
    this.#data.set(data.owner, owned);
    const buffer = owned.get(data.label) ?? this.#filled(data, GPUBufferUsage.STORAGE);
    owned.set(data.label, buffer);
    return buffer;
  }

  #filled({ label, bytes, fill }: Omit<Data, 'owner'>, usage: GPUBufferUsageFlags): GPUBuffer {
    const { limits } = this.device;
    if (bytes > Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize)) {
      throw new EngineError(
        `'${label}' needs ${bytes} bytes in one buffer; this GPU allows ${limits.maxStorageBufferBindingSize}.`,
      );
    }
    const size = Math.ceil(bytes / 16) * 16;
    const buffer = this.device.createBuffer({ label, size, usage, mappedAtCreation: true });
    fill(buffer.getMappedRange());
    buffer.unmap();
    this.#own.push(buffer);
    return buffer;
  }

  destroy(): void {
    for (const buffer of this.#own) buffer.destroy();
  }
}

function isStorage({ kind }: Binding): boolean {
  return kind === 'read' || kind === 'write' || kind === 'data' || kind === 'picture';
}

function layoutOf(binding: Binding): Omit<GPUBindGroupLayoutEntry, 'binding' | 'visibility'> {
  switch (binding.kind) {
    case 'read':
    case 'picture':
    case 'data':
      return { buffer: { type: 'read-only-storage' } };
    case 'write':
      return { buffer: { type: 'storage' } };
    case 'sizes':
    case 'live':
    case 'crop':
      return { buffer: { type: 'uniform' } };
    case 'sampler':
      return { sampler: { type: 'filtering' } };
    case 'external':
      return { externalTexture: {} };
    case 'texture':
      return { texture: { sampleType: 'float' } };
    case 'canvas':
      return { storageTexture: { access: 'write-only', format: binding.format } };
    default:
      return impossible(binding);
  }
}

/** The bind group of a kernel; `given` has what `fixed` lacks. */
export function bindGroup(
  device: GPUDevice,
  { kernel, layout, fixed }: Compiled,
  given: (binding: Binding) => GPUBindingResource,
): GPUBindGroup {
  return device.createBindGroup({
    label: kernel.label,
    layout,
    entries: kernel.bindings.map((binding, i) => {
      const buffer = fixed[i];
      return { binding: i, resource: buffer ? { buffer } : given(binding) };
    }),
  });
}
