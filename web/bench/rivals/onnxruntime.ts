// ONNX Runtime Web. On WebGPU the input and output of a step stay in GPU buffers, and graph capture replays recorded
// commands. From camera to canvas, frames and paintings go through 2-D canvases: it has no support for either.

import type * as Ort from 'onnxruntime-web/wasm';
import { makeCanvasIo } from './canvas-io.ts';
import { alwaysAvailable, threadsUnavailable, webgpuUnavailable } from './capabilities.ts';
import { type Provider, prepareOnnxRuntime, startOnnxRuntime } from './onnxruntime-library.ts';
import type { Engine, Rival, RivalContext } from './rival.ts';

const UNAVAILABLE = {
  webgpu: webgpuUnavailable,
  wasm: alwaysAvailable,
  'wasm-threads': threadsUnavailable,
} as const satisfies Record<Provider, Engine['unavailableReason']>;

export const makeOnnxRuntime = (provider: Provider): Engine => ({
  format: 'onnx',
  fence:
    provider === 'webgpu'
      ? 'queue.onSubmittedWorkDone()'
      : 'none needed: the painting is in memory when the promise resolves',
  unavailableReason: UNAVAILABLE[provider],
  prepare: () => prepareOnnxRuntime(provider),
  create: context => create(provider, context),
});

async function create(provider: Provider, context: RivalContext): Promise<Rival> {
  const { pixels, image, files } = context;
  const ort = await startOnnxRuntime(provider);
  const { session, captured } = await openSession(ort, provider, files.onnx);
  const model: Model = {
    ort,
    session,
    captured,
    input: session.inputNames[0] ?? 'image',
    output: session.outputNames[0] ?? 'painting',
    shape: [1, 3, pixels, pixels],
  };
  const { compute, ...rest } =
    provider === 'webgpu' ? await executeOnGpu(model, image) : executeInMemory(model, image);
  const canvasIo = makeCanvasIo(context.canvas, pixels, 'chw');
  return {
    ...rest,
    version: ort.env.versions.web ?? '',
    run: () => compute(image),
    frame: async video => canvasIo.showPainting(await compute(canvasIo.readFrame(video))),
  };
}

/** On WebGPU with graph capture, unless it refuses that: parts of the network may run on the CPU. */
async function openSession(ort: typeof Ort, provider: Provider, file: Uint8Array): Promise<OpenedSession> {
  const make = (options: Ort.InferenceSession.SessionOptions) =>
    ort.InferenceSession.create(file, { graphOptimizationLevel: 'all', ...options });
  if (provider !== 'webgpu')
    return { session: await make({ executionProviders: ['wasm'] }), captured: false };
  // Given as a plain string, the provider ignores the option.
  const executionProviders = [{ name: 'webgpu' }];
  try {
    return { session: await make({ executionProviders, enableGraphCapture: true }), captured: true };
  } catch {
    return { session: await make({ executionProviders }), captured: false };
  }
}

interface OpenedSession {
  readonly session: Ort.InferenceSession;
  readonly captured: boolean;
}

interface Model extends OpenedSession {
  readonly ort: typeof Ort;
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

interface Execution extends Pick<Rival, 'adapter' | 'step' | 'finished'> {
  compute(planes: Float32Array<ArrayBuffer>): Promise<Float32Array>;
}

function executeInMemory(
  { ort, session, input, output, shape }: Model,
  image: Float32Array<ArrayBuffer>,
): Execution {
  const { numThreads } = ort.env.wasm;
  const compute: Execution['compute'] = async planes => {
    const outputs = await session.run({ [input]: new ort.Tensor('float32', planes, shape) }, [output]);
    return outputs[output]?.data as Float32Array;
  };
  return {
    adapter: `${numThreads} ${numThreads === 1 ? 'thread' : 'threads'}`,
    compute,
    step: async () => {
      await compute(image);
    },
    finished: async () => undefined,
  };
}

/**
 * Input and output are GPU buffers that are created once, as its documentation advises. A captured graph allocates
 * its own output: it loses track of a given one after the first run.
 */
async function executeOnGpu(
  { ort, session, captured, input, output, shape }: Model,
  image: Float32Array<ArrayBuffer>,
): Promise<Execution> {
  const device = await ort.env.webgpu.device;
  const size = image.byteLength;
  const make = (usage: number): GPUBuffer => device.createBuffer({ label: 'bench', size, usage });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const inputBuffer = make(usage);
  device.queue.writeBuffer(inputBuffer, 0, image);
  const readBuffer = make(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const type = { dataType: 'float32', dims: shape } as const;
  const feeds = { [input]: ort.Tensor.fromGpuBuffer(inputBuffer, type) };
  const fetches = captured ? [output] : { [output]: ort.Tensor.fromGpuBuffer(make(usage), type) };
  /** Returns the painting's buffer, which stays the same. */
  const run = async (): Promise<GPUBuffer> => {
    const painting = (await session.run(feeds, fetches))[output];
    if (!painting) throw new Error('ONNX Runtime gave no painting.');
    const { gpuBuffer } = painting;
    // Only the tensor is disposed, not its buffer.
    if (captured) painting.dispose();
    return gpuBuffer;
  };
  const compute: Execution['compute'] = async planes => {
    device.queue.writeBuffer(inputBuffer, 0, planes);
    const painting = await run();
    const encoder = device.createCommandEncoder({ label: 'bench' });
    encoder.copyBufferToBuffer(painting, 0, readBuffer, 0, size);
    device.queue.submit([encoder.finish()]);
    await readBuffer.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(readBuffer.getMappedRange().slice(0));
    readBuffer.unmap();
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
