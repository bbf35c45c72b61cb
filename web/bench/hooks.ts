// Counts what is asked of the GPU in this document, and the memory that it is asked for. Methods of WebGPU's
// and WebGL2's prototypes are replaced before a rival is loaded, and put back before anything is timed. Each
// rival has a document of its own, so what is counted is its alone.

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
  ['writes', ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D']],
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
  readonly #restore: (() => void)[] = [];
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

  /** Puts the browser's own methods back. */
  remove(): void {
    for (const restore of this.#restore.splice(0).reverse()) restore();
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
    this.#restore.push(() => Object.defineProperty(prototype, method, original));
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
      bytes: GlSize,
    ): After => {
      return (context, args) => {
        const gl = context as WebGL2RenderingContext;
        const held = bound(gl, args[0] as number);
        if (held) this.#sizes.set(held, bytes(args as number[]));
      };
    };
    this.#after(owner, 'texImage2D', weigh(boundTexture, imageBytes));
    this.#after(owner, 'texStorage2D', weigh(boundTexture, storageBytes));
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
    this.#restore.push(() => {
      changed.instantiate = original;
      changed.instantiateStreaming = streaming;
      changed.Memory = Memory;
    });
  }
}

function prototypeOf(owner: string): object | null {
  const found: unknown = Reflect.get(globalThis, owner);
  return typeof found === 'function' ? (found.prototype as object) : null;
}

function sizeOf(made: GPUBuffer | GPUTexture): number {
  if (made instanceof GPUBuffer) return made.size;
  const { width, height, depthOrArrayLayers, format } = made;
  return width * height * depthOrArrayLayers * texelBytes(format);
}

/** By the name of the format: so many channels of so many bits. */
function texelBytes(format: GPUTextureFormat): number {
  const [, channels = 'rgba', bits = '8'] = /^([a-z]+?)(\d+)/.exec(format) ?? [];
  return (channels.length * Number(bits)) / 8;
}

type GlSize = (args: number[]) => number;

const GL = WebGL2RenderingContext;

const boundTexture = (gl: WebGL2RenderingContext, target: number): object | null =>
  gl.getParameter(target === GL.TEXTURE_2D ? GL.TEXTURE_BINDING_2D : GL.TEXTURE_BINDING_CUBE_MAP);

const boundBuffer = (gl: WebGL2RenderingContext, target: number): object | null => {
  const names: Record<number, number> = {
    [GL.ARRAY_BUFFER]: GL.ARRAY_BUFFER_BINDING,
    [GL.ELEMENT_ARRAY_BUFFER]: GL.ELEMENT_ARRAY_BUFFER_BINDING,
    [GL.PIXEL_PACK_BUFFER]: GL.PIXEL_PACK_BUFFER_BINDING,
    [GL.PIXEL_UNPACK_BUFFER]: GL.PIXEL_UNPACK_BUFFER_BINDING,
    [GL.UNIFORM_BUFFER]: GL.UNIFORM_BUFFER_BINDING,
  };
  const name = names[target];
  return name === undefined ? null : gl.getParameter(name);
};

const GL_BYTES: Record<number, number> = {
  [GL.R8]: 1,
  [GL.RG8]: 2,
  [GL.RGBA]: 4,
  [GL.RGBA8]: 4,
  [GL.R16F]: 2,
  [GL.R32F]: 4,
  [GL.RG32F]: 8,
  [GL.RGBA16F]: 8,
  [GL.RGBA8UI]: 4,
  [GL.RGBA16UI]: 8,
  [GL.RGBA32UI]: 16,
  [GL.RGBA32F]: 16,
};

/** target, level, internal format, width, height; from a source of its own size, that is not told: none. */
const imageBytes: GlSize = ([, , format = 0, width = 0, height = 0, , , , pixels]) =>
  pixels === undefined ? 0 : width * height * (GL_BYTES[format] ?? 4);

/** target, levels, internal format, width, height. */
const storageBytes: GlSize = ([, , format = 0, width = 0, height = 0]) =>
  width * height * (GL_BYTES[format] ?? 4);

const dataBytes = ([, data]: unknown[]): number =>
  typeof data === 'number' ? data : ArrayBuffer.isView(data) ? data.byteLength : 0;
