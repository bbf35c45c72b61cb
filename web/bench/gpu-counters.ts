// Counts the GPU calls of a document, and the memory that it allocates. It wraps methods on the prototypes of
// WebGPU and WebGL2 before a rival is loaded. The document is used for nothing else: nothing is timed with these
// wrappers in place.

import {
  bufferDataBytes,
  bytesPerTexel,
  countTexels,
  texImage2DBytes,
  texImage3DBytes,
  texStorage2DBytes,
  texStorage3DBytes,
} from './texture-bytes.ts';

/** GPU calls of one frame. */
export interface CallCounts {
  /** Compute dispatches, and draws. */
  dispatches: number;
  submits: number;
  passes: number;
  pipelines: number;
  bindGroups: number;
  /** Buffers and textures created. */
  resources: number;
  /** Uploads into buffers and textures, including copies of video frames. */
  writes: number;
  /** mapAsync, readPixels, getBufferSubData. */
  readbacks: number;
}

type CallKind = keyof CallCounts;

const GPU_KINDS: readonly [owner: string, kind: CallKind, methods: readonly string[]][] = [
  ['GPUComputePassEncoder', 'dispatches', ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']],
  ['GPURenderPassEncoder', 'dispatches', ['draw', 'drawIndexed', 'drawIndirect', 'drawIndexedIndirect']],
  ['GPUQueue', 'submits', ['submit']],
  ['GPUCommandEncoder', 'passes', ['beginComputePass', 'beginRenderPass']],
  [
    'GPUDevice',
    'pipelines',
    [
      'createComputePipeline',
      'createComputePipelineAsync',
      'createRenderPipeline',
      'createRenderPipelineAsync',
    ],
  ],
  ['GPUDevice', 'bindGroups', ['createBindGroup']],
  ['GPUDevice', 'resources', ['createBuffer', 'createTexture']],
  ['GPUQueue', 'writes', ['writeBuffer', 'writeTexture', 'copyExternalImageToTexture']],
  ['GPUBuffer', 'readbacks', ['mapAsync']],
];

const GL_KINDS: readonly [kind: CallKind, methods: readonly string[]][] = [
  ['dispatches', ['drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced']],
  ['submits', ['flush', 'finish']],
  ['passes', ['bindFramebuffer']],
  ['pipelines', ['linkProgram']],
  ['resources', ['createBuffer', 'createTexture', 'createFramebuffer']],
  ['writes', ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D', 'texImage3D', 'texSubImage3D']],
  ['readbacks', ['readPixels', 'getBufferSubData']],
];

const GL_OWNERS = ['WebGL2RenderingContext', 'WebGLRenderingContext'];

export interface MemoryBytes {
  /** Buffers and textures that were created and not destroyed. */
  gpu: number;
  /** WebAssembly heaps. */
  wasm: number;
}

type Method = (this: object, ...args: unknown[]) => unknown;
type AfterCall = (owner: object, args: unknown[], result: unknown) => void;

const noCalls = (): CallCounts => ({
  dispatches: 0,
  submits: 0,
  passes: 0,
  pipelines: 0,
  bindGroups: 0,
  resources: 0,
  writes: 0,
  readbacks: 0,
});

export class GpuCounters {
  #calls = noCalls();
  readonly #sizes = new Map<object, number>();
  readonly #heaps = new Set<WebAssembly.Memory>();

  constructor() {
    for (const [owner, kind, methods] of GPU_KINDS) {
      for (const method of methods) this.#count(owner, method, kind);
    }
    for (const owner of GL_OWNERS) {
      for (const [kind, methods] of GL_KINDS) for (const method of methods) this.#count(owner, method, kind);
    }
    this.#trackGpuMemory();
    for (const owner of GL_OWNERS) this.#trackGlMemory(owner);
    this.#trackWasmMemory();
  }

  /** Sets the call counts back to zero. */
  reset(): void {
    this.#calls = noCalls();
  }

  get calls(): CallCounts {
    return { ...this.#calls };
  }

  get memory(): MemoryBytes {
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    return {
      gpu: sum(this.#sizes.values()),
      wasm: sum([...this.#heaps].map(({ buffer }) => buffer.byteLength)),
    };
  }

  #count(owner: string, method: string, kind: CallKind): void {
    this.#wrapMethod(owner, method, () => {
      this.#calls[kind] += 1;
    });
  }

  #wrapMethod(owner: string, method: string, after: AfterCall): void {
    const prototype = getPrototype(owner);
    const original = prototype && Object.getOwnPropertyDescriptor(prototype, method);
    if (!prototype || !original || typeof original.value !== 'function') return;
    const call = original.value as Method;
    const value: Method = function (...args) {
      const result = call.apply(this, args);
      after(this, args, result);
      return result;
    };
    Object.defineProperty(prototype, method, { ...original, value });
  }

  #trackGpuMemory(): void {
    const add: AfterCall = (_, __, resource) =>
      this.#sizes.set(resource as object, resourceBytes(resource as GPUBuffer | GPUTexture));
    const remove: AfterCall = owner => this.#sizes.delete(owner);
    this.#wrapMethod('GPUDevice', 'createBuffer', add);
    this.#wrapMethod('GPUDevice', 'createTexture', add);
    this.#wrapMethod('GPUBuffer', 'destroy', remove);
    this.#wrapMethod('GPUTexture', 'destroy', remove);
  }

  #trackGlMemory(owner: string): void {
    const track = (
      findBound: (gl: WebGL2RenderingContext, target: number) => object | null,
      bytes: (args: unknown[], previous: number) => number,
    ): AfterCall => {
      return (context, args) => {
        const object = findBound(context as WebGL2RenderingContext, args[0] as number);
        if (object) this.#sizes.set(object, bytes(args, this.#sizes.get(object) ?? 0));
      };
    };
    this.#wrapMethod(owner, 'texImage2D', track(boundTexture, texImage2DBytes));
    this.#wrapMethod(owner, 'texImage3D', track(boundTexture, texImage3DBytes));
    this.#wrapMethod(owner, 'texStorage2D', track(boundTexture, texStorage2DBytes));
    this.#wrapMethod(owner, 'texStorage3D', track(boundTexture, texStorage3DBytes));
    // All smaller mipmap levels together are a third of the first.
    this.#wrapMethod(
      owner,
      'generateMipmap',
      track(boundTexture, (_, previous) => Math.round((previous * 4) / 3)),
    );
    this.#wrapMethod(owner, 'bufferData', track(boundBuffer, bufferDataBytes));
    for (const method of ['deleteTexture', 'deleteBuffer']) {
      this.#wrapMethod(owner, method, (_, [previous]) => this.#sizes.delete(previous as object));
    }
  }

  /** A module creates its memory itself, or imports one. */
  #trackWasmMemory(): void {
    const original = WebAssembly.instantiate;
    const streaming = WebAssembly.instantiateStreaming;
    const { Memory } = WebAssembly;
    const heaps = this.#heaps;
    const collectHeaps = (result: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource): void => {
      const { exports } = result instanceof WebAssembly.Instance ? result : result.instance;
      for (const value of Object.values(exports)) if (value instanceof Memory) heaps.add(value);
    };
    const tracked =
      <T extends unknown[]>(resource: (...args: T) => Promise<WebAssembly.WebAssemblyInstantiatedSource>) =>
      async (...args: T) => {
        const result = await resource(...args);
        collectHeaps(result);
        return result;
      };
    class TrackedMemory extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        heaps.add(this);
      }
    }
    const writable = WebAssembly as { -readonly [K in keyof typeof WebAssembly]: (typeof WebAssembly)[K] };
    writable.instantiate = tracked(original as unknown as typeof streaming) as unknown as typeof original;
    writable.instantiateStreaming = tracked(streaming);
    writable.Memory = TrackedMemory;
  }
}

function getPrototype(owner: string): object | null {
  const constructorFunction: unknown = Reflect.get(globalThis, owner);
  return typeof constructorFunction === 'function' ? (constructorFunction.prototype as object) : null;
}

function resourceBytes(resource: GPUBuffer | GPUTexture): number {
  if (resource instanceof GPUBuffer) return resource.size;
  const { width, height, depthOrArrayLayers, format, mipLevelCount, sampleCount } = resource;
  const texels = countTexels(mipLevelCount, width, height) * depthOrArrayLayers * sampleCount;
  return texels * bytesPerTexel(format);
}

const GL = WebGL2RenderingContext;

const TEXTURES: Record<number, number> = {
  [GL.TEXTURE_2D]: GL.TEXTURE_BINDING_2D,
  [GL.TEXTURE_2D_ARRAY]: GL.TEXTURE_BINDING_2D_ARRAY,
  [GL.TEXTURE_3D]: GL.TEXTURE_BINDING_3D,
};

const BUFFERS: Record<number, number> = {
  [GL.ARRAY_BUFFER]: GL.ARRAY_BUFFER_BINDING,
  [GL.ELEMENT_ARRAY_BUFFER]: GL.ELEMENT_ARRAY_BUFFER_BINDING,
  [GL.PIXEL_PACK_BUFFER]: GL.PIXEL_PACK_BUFFER_BINDING,
  [GL.PIXEL_UNPACK_BUFFER]: GL.PIXEL_UNPACK_BUFFER_BINDING,
  [GL.UNIFORM_BUFFER]: GL.UNIFORM_BUFFER_BINDING,
  [GL.COPY_READ_BUFFER]: GL.COPY_READ_BUFFER_BINDING,
  [GL.COPY_WRITE_BUFFER]: GL.COPY_WRITE_BUFFER_BINDING,
  [GL.TRANSFORM_FEEDBACK_BUFFER]: GL.TRANSFORM_FEEDBACK_BUFFER_BINDING,
};

const boundObject =
  (names: Record<number, number>) =>
  (gl: WebGL2RenderingContext, target: number): object | null => {
    const name = names[target];
    if (name === undefined) throw new Error(`the bench does not know the size of what is bound to ${target}`);
    return gl.getParameter(name);
  };

const boundTexture = boundObject(TEXTURES);
const boundBuffer = boundObject(BUFFERS);
