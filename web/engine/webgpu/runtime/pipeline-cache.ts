// GPU objects of kernels: pipelines (one per distinct text, compiled in parallel and off the main thread), buffers
// that are filled once, and bind groups. All but the pipelines are made synchronously, so that `withErrorScopes` sees
// their errors. A pipeline reports its own error.

import type { ConstantData } from '../../codegen/constant-data.ts';
import { assertNever } from '../../error.ts';
import type { KernelConfig } from '../kernels/config.ts';
import type { Binding, FrameLayout, Kernel } from '../kernels/kernel.ts';
import type { BufferAllocator } from './memory.ts';
import type { PlanBuffers } from './plan-buffers.ts';

export interface CompiledKernel {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Resources of the bindings that never change; null where a frame provides them. */
  readonly fixed: readonly (GPUBufferBinding | null)[];
}

/** A kernel whose pipeline is still compiling. */
export interface PendingKernel extends Omit<CompiledKernel, 'pipeline'> {
  readonly pending: Promise<GPUComputePipeline>;
}

/** Kernels with the same text share a pipeline. */
const keyOf = ({ frame, code }: Kernel): string => `${frame?.kind ?? ''} ${code}`;

const sizesKey = (values: readonly number[]): string => values.join(' ');
const sizesKeys = ({ bindings }: Kernel): string[] =>
  bindings.flatMap(one => (one.kind === 'sizes' ? [sizesKey(one.values)] : []));

export class PipelineCache {
  readonly #made = new Map<string, Pick<PendingKernel, 'layout' | 'pending'>>();
  readonly #data = new Map<object, Map<string, GPUBuffer>>();
  readonly #sizes = new Map<string, GPUBuffer>();
  readonly #frames = new Map<string, GPUBindGroupLayout>();

  constructor(
    readonly allocator: BufferAllocator,
    readonly buffers: PlanBuffers,
    readonly config: KernelConfig,
  ) {}

  get device(): GPUDevice {
    return this.allocator.device;
  }

  /** Pipelines in the cache. */
  get count(): number {
    return this.#made.size;
  }

  has(kernel: Kernel): boolean {
    return this.#made.has(keyOf(kernel));
  }

  /** Drops all other pipelines. Whoever holds one may still use it. */
  retain(kernels: readonly Kernel[]): void {
    const kept = new Set(kernels.map(keyOf));
    for (const key of this.#made.keys()) if (!kept.has(key)) this.#made.delete(key);
  }

  /** Frees the sizes that only the `dropped` kernels have. They must never be dispatched again. */
  freeSizes(dropped: readonly Kernel[], kept: readonly Kernel[]): void {
    const used = new Set(kept.flatMap(sizesKeys));
    for (const key of dropped.flatMap(sizesKeys)) {
      const buffer = this.#sizes.get(key);
      if (!buffer || used.has(key)) continue;
      this.#sizes.delete(key);
      this.allocator.free(buffer);
    }
  }

  /** Compiles in the background. */
  prepare(kernel: Kernel): PendingKernel {
    const key = keyOf(kernel);
    const known = this.#made.get(key);
    if (known) return { ...known, ...this.#bind(kernel) };
    const [layout, description] = this.#describe(kernel);
    const pending = this.device.createComputePipelineAsync(description);
    // Whoever awaits it sees the failure. If another one fails first, nobody does.
    pending.catch(() => undefined);
    const made = { layout, pending };
    this.#made.set(key, made);
    return { ...made, ...this.#bind(kernel) };
  }

  /** Compiles before everything that is submitted from now on. */
  compile(kernel: Kernel): CompiledKernel {
    const [layout, description] = this.#describe(kernel);
    const pipeline = this.device.createComputePipeline(description);
    this.#made.set(keyOf(kernel), { layout, pending: Promise.resolve(pipeline) });
    return { layout, pipeline, ...this.#bind(kernel) };
  }

  #bind(kernel: Kernel): Pick<CompiledKernel, 'kernel' | 'fixed'> {
    return { kernel, fixed: kernel.bindings.map(binding => this.#fixedResource(binding)) };
  }

  #describe(kernel: Kernel): [GPUBindGroupLayout, GPUComputePipelineDescriptor] {
    const { device } = this;
    const layout = device.createBindGroupLayout({
      label: kernel.label,
      entries: kernel.bindings.map((binding, i) => ({
        binding: i,
        visibility: GPUShaderStage.COMPUTE,
        ...layoutOf(binding),
      })),
    });
    const bindGroupLayouts = kernel.frame ? [layout, this.frameLayout(kernel.frame)] : [layout];
    const description = {
      label: kernel.label,
      layout: device.createPipelineLayout({ label: kernel.label, bindGroupLayouts }),
      compute: {
        module: device.createShaderModule({ label: kernel.label, code: kernel.code }),
        entryPoint: 'main',
      },
    };
    return [layout, description];
  }

  /** The layout of group 1: one object for all kernels that share its bind group. */
  frameLayout({ kind, format }: FrameLayout): GPUBindGroupLayout {
    const key = `${kind} ${format}`;
    const visibility = GPUShaderStage.COMPUTE;
    const layout =
      this.#frames.get(key) ??
      this.device.createBindGroupLayout({
        label: 'frame',
        entries: [
          { binding: 0, visibility, sampler: { type: 'filtering' } },
          kind === 'external'
            ? { binding: 1, visibility, externalTexture: {} }
            : { binding: 1, visibility, texture: { sampleType: 'float' } },
          { binding: 2, visibility, storageTexture: { access: 'write-only', format } },
        ],
      });
    this.#frames.set(key, layout);
    return layout;
  }

  #fixedResource(binding: Binding): GPUBufferBinding | null {
    switch (binding.kind) {
      case 'read':
      case 'write': {
        return { buffer: this.buffers.buffer(binding.buffer) };
      }
      case 'live':
        return { buffer: this.buffers.live };
      case 'crop':
        return { buffer: this.buffers.crop };
      case 'data':
        return this.buffers.learned?.(binding.data) ?? { buffer: this.#dataBuffer(binding.data) };
      case 'sizes': {
        return { buffer: this.#sizesBuffer(binding.values) };
      }
      case 'picture':
      case 'canvas':
        return null;
      default:
        return assertNever(binding);
    }
  }

  #sizesBuffer(values: readonly number[]): GPUBuffer {
    const key = sizesKey(values);
    const fill = (target: ArrayBuffer) => new Int32Array(target).set(values);
    const buffer =
      this.#sizes.get(key) ??
      this.#filled({ label: 'sizes', bytes: values.length * 4, fill }, GPUBufferUsage.UNIFORM);
    this.#sizes.set(key, buffer);
    return buffer;
  }

  /** Kernels that read the same constants in the same layout share a buffer. */
  #dataBuffer(data: ConstantData): GPUBuffer {
    const owned = this.#data.get(data.owner) ?? new Map<string, GPUBuffer>();
    this.#data.set(data.owner, owned);
    const buffer = owned.get(data.layout) ?? this.#filled(data, GPUBufferUsage.STORAGE);
    owned.set(data.layout, buffer);
    return buffer;
  }

  #filled(data: Pick<ConstantData, 'label' | 'bytes' | 'fill'>, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.allocator.allocate(data.label, Math.ceil(data.bytes / 16) * 16, usage, true);
    data.fill(buffer.getMappedRange());
    buffer.unmap();
    return buffer;
  }
}

export async function awaitKernel({ pending, ...rest }: PendingKernel): Promise<CompiledKernel> {
  return { ...rest, pipeline: await pending };
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
    case 'canvas':
      return { storageTexture: { access: 'write-only', format: binding.format } };
    default:
      return assertNever(binding);
  }
}

/** Makes the bind group of a kernel. `given` provides what `fixed` lacks. */
export function makeBindGroup(
  device: GPUDevice,
  { kernel, layout, fixed }: Omit<CompiledKernel, 'pipeline'>,
  given: (binding: Binding) => GPUBindingResource,
): GPUBindGroup {
  return device.createBindGroup({
    label: kernel.label,
    layout,
    entries: kernel.bindings.map((one, binding) => ({ binding, resource: fixed[binding] ?? given(one) })),
  });
}

export function dispatch(
  pass: GPUComputePassEncoder,
  { kernel, pipeline }: CompiledKernel,
  group: GPUBindGroup,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...kernel.workgroups);
}
