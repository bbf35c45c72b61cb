// Counts what is asked of the GPU in this document, and the memory that it is asked for. Methods of WebGPU's
// and WebGL2's prototypes are replaced before a rival is loaded, in a document that lives for this alone: where
// time is taken, the browser's own methods are in place.

import {
  dataBytes,
  image3dBytes,
  imageBytes,
  levelsOf,
  storage3dBytes,
  storageBytes,
  texelBytes,
} from './texture-bytes.ts';

/** Calls of one frame. */
export interface Calls {
  /** Dispatches of compute, and draws. */
  dispatches: number;
  submits: number;
  passes: number;
  pipelines: number;
  bindGroups: number;
  /** Buffers and textures made. */
  resources: number;
  /** Uploads into buffers and textures, copies of video frames among them. */
  writes: number;
  /** mapAsync, readPixels, getBufferSubData. */
  readbacks: number;
}

type Kind = keyof Calls;

const GPU_KINDS: readonly [owner: string, kind: Kind, methods: readonly string[]][] = [
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

const GL_KINDS: readonly [kind: Kind, methods: readonly string[]][] = [
  ['dispatches', ['drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced']],
  ['submits', ['flush', 'finish']],
  ['passes', ['bindFramebuffer']],
  ['pipelines', ['linkProgram']],
  ['resources', ['createBuffer', 'createTexture', 'createFramebuffer']],
  ['writes', ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D', 'texImage3D', 'texSubImage3D']],
  ['readbacks', ['readPixels', 'getBufferSubData']],
];

const GL_OWNERS = ['WebGL2RenderingContext', 'WebGLRenderingContext'];

export interface Memory {
  /** Of buffers and textures that were made and not destroyed. */
  gpu: number;
  /** Of WebAssembly's heaps. */
  wasm: number;
}

type Method = (this: object, ...args: unknown[]) => unknown;
type After = (owner: object, args: unknown[], result: unknown) => void;

const none = (): Calls => ({
  dispatches: 0,
  submits: 0,
  passes: 0,
  pipelines: 0,
  bindGroups: 0,
  resources: 0,
  writes: 0,
  readbacks: 0,
});

export class Hooks {
  #calls = none();
  readonly #sizes = new Map<object, number>();
  readonly #heaps = new Set<WebAssembly.Memory>();

  constructor() {
    for (const [owner, kind, methods] of GPU_KINDS) {
      for (const method of methods) this.#count(owner, method, kind);
    }
    for (const owner of GL_OWNERS) {
      for (const [kind, methods] of GL_KINDS) for (const method of methods) this.#count(owner, method, kind);
    }
    this.#weighGpu();
    for (const owner of GL_OWNERS) this.#weighGl(owner);
    this.#weighWasm();
  }

  /** From now on calls count for what `calls` gives. */
  reset(): void {
    this.#calls = none();
  }

  get calls(): Calls {
    return { ...this.#calls };
  }

  get memory(): Memory {
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    return {
      gpu: sum(this.#sizes.values()),
      wasm: sum([...this.#heaps].map(({ buffer }) => buffer.byteLength)),
    };
  }

  #count(owner: string, method: string, kind: Kind): void {
    this.#after(owner, method, () => {
      this.#calls[kind] += 1;
    });
  }

  #after(owner: string, method: string, then: After): void {
    const prototype = prototypeOf(owner);
    const original = prototype && Object.getOwnPropertyDescriptor(prototype, method);
    if (!prototype || !original || typeof original.value !== 'function') return;
    const called = original.value as Method;
    const value: Method = function (...args) {
      const result = called.apply(this, args);
      then(this, args, result);
      return result;
    };
    Object.defineProperty(prototype, method, { ...original, value });
  }

  #weighGpu(): void {
    const keep: After = (_, __, made) =>
      this.#sizes.set(made as object, sizeOf(made as GPUBuffer | GPUTexture));
    const drop: After = owner => this.#sizes.delete(owner);
    this.#after('GPUDevice', 'createBuffer', keep);
    this.#after('GPUDevice', 'createTexture', keep);
    this.#after('GPUBuffer', 'destroy', drop);
    this.#after('GPUTexture', 'destroy', drop);
  }

  #weighGl(owner: string): void {
    const weigh = (
      bound: (gl: WebGL2RenderingContext, target: number) => object | null,
      bytes: (args: unknown[], held: number) => number,
    ): After => {
      return (context, args) => {
        const object = bound(context as WebGL2RenderingContext, args[0] as number);
        if (object) this.#sizes.set(object, bytes(args, this.#sizes.get(object) ?? 0));
      };
    };
    this.#after(owner, 'texImage2D', weigh(boundTexture, imageBytes));
    this.#after(owner, 'texImage3D', weigh(boundTexture, image3dBytes));
    this.#after(owner, 'texStorage2D', weigh(boundTexture, storageBytes));
    this.#after(owner, 'texStorage3D', weigh(boundTexture, storage3dBytes));
    // All the smaller levels together are a third of the first.
    this.#after(
      owner,
      'generateMipmap',
      weigh(boundTexture, (_, held) => Math.round((held * 4) / 3)),
    );
    this.#after(owner, 'bufferData', weigh(boundBuffer, dataBytes));
    for (const method of ['deleteTexture', 'deleteBuffer']) {
      this.#after(owner, method, (_, [held]) => this.#sizes.delete(held as object));
    }
  }

  /** WebAssembly makes its heaps itself, or is given them. */
  #weighWasm(): void {
    const original = WebAssembly.instantiate;
    const streaming = WebAssembly.instantiateStreaming;
    const { Memory } = WebAssembly;
    const heaps = this.#heaps;
    const look = (result: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource): void => {
      const { exports } = result instanceof WebAssembly.Instance ? result : result.instance;
      for (const value of Object.values(exports)) if (value instanceof Memory) heaps.add(value);
    };
    const watched =
      <T extends unknown[]>(made: (...args: T) => Promise<WebAssembly.WebAssemblyInstantiatedSource>) =>
      async (...args: T) => {
        const result = await made(...args);
        look(result);
        return result;
      };
    class Watched extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor);
        heaps.add(this);
      }
    }
    const changed = WebAssembly as { -readonly [K in keyof typeof WebAssembly]: (typeof WebAssembly)[K] };
    changed.instantiate = watched(original as unknown as typeof streaming) as unknown as typeof original;
    changed.instantiateStreaming = watched(streaming);
    changed.Memory = Watched;
  }
}

function prototypeOf(owner: string): object | null {
  const found: unknown = Reflect.get(globalThis, owner);
  return typeof found === 'function' ? (found.prototype as object) : null;
}

function sizeOf(made: GPUBuffer | GPUTexture): number {
  if (made instanceof GPUBuffer) return made.size;
  const { width, height, depthOrArrayLayers, format, mipLevelCount, sampleCount } = made;
  const texels = levelsOf(mipLevelCount, width, height) * depthOrArrayLayers * sampleCount;
  return texels * texelBytes(format);
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

const boundIn =
  (names: Record<number, number>) =>
  (gl: WebGL2RenderingContext, target: number): object | null => {
    const name = names[target];
    if (name === undefined) throw new Error(`the bench cannot weigh what is bound to ${target}`);
    return gl.getParameter(name);
  };

const boundTexture = boundIn(TEXTURES);
const boundBuffer = boundIn(BUFFERS);
