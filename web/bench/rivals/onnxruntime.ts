// ONNX Runtime Web. On WebGPU its input and output stay in GPU buffers for a step, its commands are recorded once
// and replayed, and from camera to canvas the picture comes from a 2-D canvas and the painting goes back to one:
// it has no way of its own to either.

import type * as Ort from 'onnxruntime-web/wasm';
import { canvasPath } from './canvas-io.ts';
import { missingNothing, missingThreads, missingWebgpu, threadCount } from './capabilities.ts';
import { fetchAll } from './prefetch.ts';
import type { Engine, Place, Rival } from './rival.ts';

export type Provider = 'webgpu' | 'wasm' | 'wasm-threads';

const MISSING = {
  webgpu: missingWebgpu,
  wasm: missingNothing,
  'wasm-threads': missingThreads,
} as const satisfies Record<Provider, Engine['missing']>;

/** Of its builds for WebGPU, the one that is half as large needs JavaScript promise integration. */
const BUILD = 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';

const threadsOf = (provider: Provider): number => (provider === 'wasm-threads' ? threadCount() : 1);

const address = (file: string): string => new URL(`./runtimes/onnxruntime/${file}`, document.baseURI).href;

const binaryOf = (provider: Provider): string =>
  provider === 'webgpu' ? `ort-wasm-simd-threaded.${BUILD}` : 'ort-wasm-simd-threaded';

export const onnxruntime = (provider: Provider): Engine => ({
  format: 'onnx',
  fence:
    provider === 'webgpu'
      ? 'queue.onSubmittedWorkDone()'
      : 'none needed: the painting is in memory when the promise resolves',
  missing: MISSING[provider],
  prepare: async () => {
    await library(provider);
    await fetchAll(['mjs', 'wasm'].map(kind => address(`${binaryOf(provider)}.${kind}`)));
  },
  create: place => create(provider, place),
});

async function library(provider: Provider): Promise<typeof Ort> {
  if (provider !== 'webgpu') return import('onnxruntime-web/wasm');
  return BUILD === 'jspi' ? import('onnxruntime-web/jspi') : import('onnxruntime-web/webgpu');
}

async function create(provider: Provider, place: Place): Promise<Rival> {
  const { pixels, picture, files } = place;
  const ort = await library(provider);
  const file = binaryOf(provider);
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmPaths = { mjs: address(`${file}.mjs`), wasm: address(`${file}.wasm`) };
  ort.env.wasm.numThreads = threadsOf(provider);
  if (provider === 'webgpu') ort.env.webgpu.powerPreference = 'high-performance';
  const { session, captured } = await open(ort, provider, files.onnx);
  const model: Model = {
    ort,
    session,
    captured,
    input: session.inputNames[0] ?? 'image',
    output: session.outputNames[0] ?? 'painting',
    shape: [1, 3, pixels, pixels],
  };
  const { compute, ...rest } = provider === 'webgpu' ? await onGpu(model, picture) : inMemory(model, picture);
  const path = canvasPath(place.canvas, pixels, 'planes');
  return {
    ...rest,
    version: ort.env.versions.web ?? '',
    run: () => compute(picture),
    frame: async video => path.show(await compute(path.take(video))),
  };
}

/** On WebGPU with its graph captured, which it refuses where parts of the network stay on the CPU. */
async function open(ort: typeof Ort, provider: Provider, file: Uint8Array): Promise<Opened> {
  const make = (options: Ort.InferenceSession.SessionOptions) =>
    ort.InferenceSession.create(file, { graphOptimizationLevel: 'all', ...options });
  if (provider !== 'webgpu')
    return { session: await make({ executionProviders: ['wasm'] }), captured: false };
  // Named by a word alone, the provider does not hear of the option.
  const executionProviders = [{ name: 'webgpu' }];
  try {
    return { session: await make({ executionProviders, enableGraphCapture: true }), captured: true };
  } catch {
    return { session: await make({ executionProviders }), captured: false };
  }
}

interface Opened {
  readonly session: Ort.InferenceSession;
  readonly captured: boolean;
}

interface Model extends Opened {
  readonly ort: typeof Ort;
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

interface Ways extends Pick<Rival, 'adapter' | 'step' | 'finished'> {
  compute(planes: Float32Array<ArrayBuffer>): Promise<Float32Array>;
}

function inMemory({ ort, session, input, output, shape }: Model, picture: Float32Array<ArrayBuffer>): Ways {
  const { numThreads } = ort.env.wasm;
  const compute: Ways['compute'] = async planes => {
    const made = await session.run({ [input]: new ort.Tensor('float32', planes, shape) }, [output]);
    return made[output]?.data as Float32Array;
  };
  return {
    adapter: `${numThreads} ${numThreads === 1 ? 'thread' : 'threads'}`,
    compute,
    step: async () => {
      await compute(picture);
    },
    finished: async () => undefined,
  };
}

/**
 * The input is a buffer that is made once, as its documentation advises, and so is the output; but a captured
 * graph has one of its own, since it forgets where a given one is after the first run.
 */
async function onGpu(
  { ort, session, captured, input, output, shape }: Model,
  picture: Float32Array<ArrayBuffer>,
): Promise<Ways> {
  const device = await ort.env.webgpu.device;
  const size = picture.byteLength;
  const make = (usage: number): GPUBuffer => device.createBuffer({ label: 'bench', size, usage });
  const held = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const given = make(held);
  device.queue.writeBuffer(given, 0, picture);
  const read = make(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const type = { dataType: 'float32', dims: shape } as const;
  const feeds = { [input]: ort.Tensor.fromGpuBuffer(given, type) };
  const fetches = captured ? [output] : { [output]: ort.Tensor.fromGpuBuffer(make(held), type) };
  /** The painting's buffer, which stays the same. */
  const run = async (): Promise<GPUBuffer> => {
    const painting = (await session.run(feeds, fetches))[output];
    if (!painting) throw new Error('ONNX Runtime gave no painting.');
    const { gpuBuffer } = painting;
    // What goes is the tensor around it.
    if (captured) painting.dispose();
    return gpuBuffer;
  };
  const compute: Ways['compute'] = async planes => {
    device.queue.writeBuffer(given, 0, planes);
    const painting = await run();
    const encoder = device.createCommandEncoder({ label: 'bench' });
    encoder.copyBufferToBuffer(painting, 0, read, 0, size);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(read.getMappedRange().slice(0));
    read.unmap();
    return values;
  };
  const { vendor, architecture } = device.adapterInfo;
  return {
    adapter: `${vendor} ${architecture}, graph ${captured ? '' : 'not '}captured`,
    compute,
    step: async () => {
      await run();
    },
    finished: async () => {
      await device.queue.onSubmittedWorkDone();
    },
  };
}
