// LiteRT.js (formerly TensorFlow Lite) on the look as .tflite, with NHWC input and output. It is set to float32, as
// the others: by default its GPU delegate rounds to float16. It has no support for cameras or canvases.

import * as litert from '@litertjs/core';
import { convertLayout, makeCanvasIo } from './canvas-io.ts';
import { threadCount, threadsUnavailable, webgpuUnavailable } from './capabilities.ts';
import { prefetch } from './prefetch.ts';
import type { Engine, Rival, RivalContext } from './rival.ts';

export type Accelerator = 'webgpu' | 'wasm';

/** Which build of LiteRT.js is loaded. */
const BUILD = {
  webgpu: 'Suspending' in WebAssembly ? 'jspi_' : '',
  wasm: 'threaded_',
} as const satisfies Record<Accelerator, string>;

const VERSION = __LITERT__;

const folder = new URL('./runtimes/litert/', document.baseURI).href;

export const makeLitert = (accelerator: Accelerator): Engine => ({
  format: 'tflite',
  fence:
    accelerator === 'webgpu'
      ? 'queue.onSubmittedWorkDone()'
      : 'none needed: the painting is in memory when the promise resolves',
  unavailableReason: accelerator === 'webgpu' ? webgpuUnavailable : threadsUnavailable,
  prepare: () =>
    prefetch(['js', 'wasm'].map(kind => `${folder}litert_wasm_${BUILD[accelerator]}internal.${kind}`)),
  create: context => create(accelerator, context),
});

async function create(
  accelerator: Accelerator,
  { pixels, image, canvas, files }: RivalContext,
): Promise<Rival> {
  const onGpu = accelerator === 'webgpu';
  const threads = onGpu ? 1 : threadCount();
  // On the GPU, as its documentation advises, operators that its delegate lacks run in WASM.
  await litert.loadLiteRt(folder, { threads: !onGpu, jspi: BUILD[accelerator] === 'jspi_' });
  const model = await litert.loadAndCompile(files.tflite, {
    accelerator,
    gpuOptions: { precision: 'fp32' },
    cpuOptions: { numThreads: threads },
  });
  const canvasIo = makeCanvasIo(canvas, pixels, 'hwc');
  const shape = [1, pixels, pixels, 3];
  const predict = async (input: litert.Tensor): Promise<litert.Tensor> => {
    const [painting, ...others] = await model.run([input]);
    for (const other of others) other.delete();
    if (!painting) throw new Error('LiteRT.js gave no painting.');
    return painting;
  };
  const compute = async (hwcImage: Float32Array): Promise<Float32Array> => {
    const input = litert.Tensor.fromTypedArray(hwcImage, shape);
    const painting = await predict(input);
    const values = (await painting.data()) as Float32Array;
    input.delete();
    painting.delete();
    return values;
  };
  const hwcImage = convertLayout(image, 'chw', 'hwc');
  const cpuTensor = litert.Tensor.fromTypedArray(hwcImage, shape);
  const inputTensor = onGpu ? await cpuTensor.moveTo('webgpu') : cpuTensor;
  return {
    version: VERSION,
    adapter: describeAdapter(model, threads),
    run: async () => convertLayout(await compute(hwcImage), 'hwc', 'chw'),
    step: async () => (await predict(inputTensor)).delete(),
    frame: async video => canvasIo.showPainting(await compute(canvasIo.readFrame(video))),
    finished: async () => {
      await litert.getWebGpuDevice()?.queue.onSubmittedWorkDone();
    },
  };
}

function describeAdapter({ options, isFullyAccelerated }: litert.CompiledModel, threads: number): string {
  if (options.accelerator === 'wasm') return `${threads} threads`;
  const { vendor = '', architecture = '' } = litert.getWebGpuDevice()?.adapterInfo ?? {};
  return `${vendor} ${architecture}${isFullyAccelerated ? '' : ', partly in WASM'}`;
}
