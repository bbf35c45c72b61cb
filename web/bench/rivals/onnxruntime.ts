// ONNX Runtime Web. On WebGPU its input and output stay in GPU buffers for a step, and from camera to canvas
// the picture comes from a 2-D canvas and the painting goes back to one: it has no way of its own to either.

import type * as Ort from 'onnxruntime-web/wasm';
import { canvasPath } from './canvas.ts';
import { missingNothing, missingThreads, missingWebgpu } from './missing.ts';
import type { Engine, Place, Rival } from './rival.ts';

export type Provider = 'webgpu' | 'wasm' | 'wasm-threads';

const MISSING = {
  webgpu: missingWebgpu,
  wasm: missingNothing,
  'wasm-threads': missingThreads,
} as const satisfies Record<Provider, Engine['missing']>;

/** Of its builds for WebGPU, the one that is half as large needs JavaScript promise integration. */
const BUILD = 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';

const MOST_THREADS = 8;

const threadsOf = (provider: Provider): number =>
  provider === 'wasm-threads' ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;

const address = (file: string): string => new URL(`./runtimes/onnxruntime/${file}`, document.baseURI).href;

const binaryOf = (provider: Provider): string =>
  provider === 'webgpu' ? `ort-wasm-simd-threaded.${BUILD}` : 'ort-wasm-simd-threaded';

export const onnxruntime = (provider: Provider): Engine => ({
  format: 'onnx',
  fetched: [address(`${binaryOf(provider)}.mjs`), address(`${binaryOf(provider)}.wasm`)],
  fence:
    provider === 'webgpu'
      ? 'queue.onSubmittedWorkDone()'
      : 'none needed: the painting is in memory when the promise resolves',
  missing: MISSING[provider],
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
  const onGpu = provider === 'webgpu';
  const session = await ort.InferenceSession.create(files.onnx, {
    executionProviders: [onGpu ? 'webgpu' : 'wasm'],
    graphOptimizationLevel: 'all',
  });
  const [input = 'image'] = session.inputNames;
  const [output = 'painting'] = session.outputNames;
  const shape = [1, 3, pixels, pixels];
  const path = canvasPath(place.canvas, pixels);
  const compute = async (planes: Float32Array<ArrayBuffer>): Promise<Float32Array> => {
    const made = await session.run({ [input]: new ort.Tensor('float32', planes, shape) }, [output]);
    return made[output]?.data as Float32Array;
  };
  const common = {
    version: ort.env.versions.web ?? '',
    run: () => compute(picture),
    frame: async (video: HTMLVideoElement) => path.show(await compute(path.take(video))),
  };
  if (!onGpu) {
    const { numThreads } = ort.env.wasm;
    return {
      ...common,
      adapter: `${numThreads} ${numThreads === 1 ? 'thread' : 'threads'}`,
      step: async () => {
        await compute(picture);
      },
      finished: async () => undefined,
    };
  }
  const device = await ort.env.webgpu.device;
  const given = upload(device, picture);
  const taken = upload(device, new Float32Array(picture.length));
  const type = { dataType: 'float32', dims: shape } as const;
  const feeds = { [input]: ort.Tensor.fromGpuBuffer(given, type) };
  const fetches = { [output]: ort.Tensor.fromGpuBuffer(taken, type) };
  const { vendor, architecture } = device.adapterInfo;
  return {
    ...common,
    adapter: `${vendor} ${architecture}`,
    step: async () => {
      await session.run(feeds, fetches);
    },
    finished: async () => {
      await device.queue.onSubmittedWorkDone();
    },
  };
}

function upload(device: GPUDevice, values: Float32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ label: 'bench', size: values.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}
