// GPU objects of kernels: pipelines (one per distinct text, compiled side by side and off the main thread),
// buffers filled once, and bind groups. All but the pipelines are made at once, so that `checked` sees what
// the GPU thinks of them; a pipeline that fails says so itself.

import type { Data } from '../../codegen/constant-data.ts';
import { assertNever } from '../../error.ts';
import type { Style } from '../kernels/config.ts';
import type { Binding, FrameLayout, Kernel } from '../kernels/kernel.ts';
import type { Memory } from './memory.ts';
import type { Shared } from './plan-buffers.ts';

export interface Compiled {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Buffers of the bindings that never change; null where a frame gives the resource. */
  readonly fixed: readonly (GPUBuffer | null)[];
}

/** All of a kernel but its pipeline, which comes later. */
export interface Prepared extends Omit<Compiled, 'pipeline'> {
  readonly pending: Promise<GPUComputePipeline>;
}

/** Kernels of one text share a pipeline. */
const keyOf = ({ frame, code }: Kernel): string => `${frame?.way ?? ''} ${code}`;

export class Pipelines {
  readonly #made = new Map<string, Pick<Prepared, 'layout' | 'pending'>>();
  readonly #data = new Map<object, Map<string, GPUBuffer>>();
  readonly #sizes = new Map<string, GPUBuffer>();
  readonly #frames = new Map<string, GPUBindGroupLayout>();

  constructor(
    readonly memory: Memory,
    readonly shared: Shared,
    readonly style: Style,
  ) {}

  get device(): GPUDevice {
    return this.memory.device;
  }

  /** Pipelines that are held. */
  get count(): number {
    return this.#made.size;
  }

  /** Forgets all pipelines but those; who has one may still use it. */
  keep(kernels: readonly Kernel[]): void {
    const kept = new Set(kernels.map(keyOf));
    for (const key of this.#made.keys()) if (!kept.has(key)) this.#made.delete(key);
  }

  /** Compiled beside what else there is to do. */
  prepare(kernel: Kernel): Prepared {
    const key = keyOf(kernel);
    const known = this.#made.get(key);
    if (known) return { ...known, ...this.#bound(kernel) };
    const [layout, description] = this.#describe(kernel);
    const pending = this.device.createComputePipelineAsync(description);
    // Who waits for it sees the failure; if another fails first, nobody waits.
    pending.catch(() => undefined);
    const made = { layout, pending };
    this.#made.set(key, made);
    return { ...made, ...this.#bound(kernel) };
  }

  /** Compiled before all that is submitted from now on. */
  compile(kernel: Kernel): Compiled {
    const [layout, description] = this.#describe(kernel);
    const pipeline = this.device.createComputePipeline(description);
    this.#made.set(keyOf(kernel), { layout, pending: Promise.resolve(pipeline) });
    return { layout, pipeline, ...this.#bound(kernel) };
  }

  #bound(kernel: Kernel): Pick<Compiled, 'kernel' | 'fixed'> {
    return { kernel, fixed: kernel.bindings.map(binding => this.#fixed(binding)) };
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

  /** The layout of group 1, one object for all that share its bind group. */
  frameLayout({ way, format }: FrameLayout): GPUBindGroupLayout {
    const key = `${way} ${format}`;
    const visibility = GPUShaderStage.COMPUTE;
    const layout =
      this.#frames.get(key) ??
      this.device.createBindGroupLayout({
        label: 'frame',
        entries: [
          { binding: 0, visibility, sampler: { type: 'filtering' } },
          way === 'external'
            ? { binding: 1, visibility, externalTexture: {} }
            : { binding: 1, visibility, texture: { sampleType: 'float' } },
          { binding: 2, visibility, storageTexture: { access: 'write-only', format } },
        ],
      });
    this.#frames.set(key, layout);
    return layout;
  }

  #fixed(binding: Binding): GPUBuffer | null {
    switch (binding.kind) {
      case 'read':
      case 'write': {
        return this.shared.buffer(binding.buffer);
      }
      case 'live':
        return this.shared.live;
      case 'crop':
        return this.shared.crop;
      case 'data':
        return this.#dataBuffer(binding.data);
      case 'sizes': {
        return this.#sizesBuffer(binding.values);
      }
      case 'picture':
      case 'canvas':
        return null;
      default:
        return assertNever(binding);
    }
  }

  #sizesBuffer(values: readonly number[]): GPUBuffer {
    const key = values.join(' ');
    const fill = (target: ArrayBuffer) => new Int32Array(target).set(values);
    const buffer =
      this.#sizes.get(key) ??
      this.#filled({ label: 'sizes', bytes: values.length * 4, fill }, GPUBufferUsage.UNIFORM);
    this.#sizes.set(key, buffer);
    return buffer;
  }

  /** Kernels that read the same constants in the same order share one buffer. */
  #dataBuffer(data: Data): GPUBuffer {
    const owned = this.#data.get(data.owner) ?? new Map<string, GPUBuffer>();
    this.#data.set(data.owner, owned);
    const buffer = owned.get(data.layout) ?? this.#filled(data, GPUBufferUsage.STORAGE);
    owned.set(data.layout, buffer);
    return buffer;
  }

  #filled(data: Pick<Data, 'label' | 'bytes' | 'fill'>, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.memory.make(data.label, Math.ceil(data.bytes / 16) * 16, usage, true);
    data.fill(buffer.getMappedRange());
    buffer.unmap();
    return buffer;
  }
}

export async function compiled({ pending, ...rest }: Prepared): Promise<Compiled> {
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

/** The bind group of a kernel; `given` has what `fixed` lacks. */
export function bindGroup(
  device: GPUDevice,
  { kernel, layout, fixed }: Omit<Compiled, 'pipeline'>,
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

export function dispatch(
  pass: GPUComputePassEncoder,
  { kernel, pipeline }: Compiled,
  group: GPUBindGroup,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...kernel.workgroups);
}
