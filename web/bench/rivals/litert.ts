// LiteRT.js (once TensorFlow Lite) on the look as .tflite, which takes and gives pictures as (1, P, P, 3). In
// float32, as the others: left alone its GPU delegate rounds to float16. It has no way of its own to a camera
// or a canvas.

import * as litert from '@litertjs/core';
import { canvasPath, reordered } from './canvas-io.ts';
import { missingThreads, missingWebgpu, threadCount } from './capabilities.ts';
import { fetchAll } from './prefetch.ts';
import type { Engine, Place, Rival } from './rival.ts';

export type Accelerator = 'webgpu' | 'wasm';

/** Which of its builds it loads. */
const BUILD = {
  webgpu: 'Suspending' in WebAssembly ? 'jspi_' : '',
  wasm: 'threaded_',
} as const satisfies Record<Accelerator, string>;

const VERSION = __LITERT__;

const folder = new URL('./runtimes/litert/', document.baseURI).href;

export const litertjs = (accelerator: Accelerator): Engine => ({
  format: 'tflite',
  fence:
    accelerator === 'webgpu'
      ? 'queue.onSubmittedWorkDone()'
      : 'none needed: the painting is in memory when the promise resolves',
  missing: accelerator === 'webgpu' ? missingWebgpu : missingThreads,
  prepare: () =>
    fetchAll(['js', 'wasm'].map(kind => `${folder}litert_wasm_${BUILD[accelerator]}internal.${kind}`)),
  create: place => create(accelerator, place),
});

async function create(accelerator: Accelerator, { pixels, picture, canvas, files }: Place): Promise<Rival> {
  const onGpu = accelerator === 'webgpu';
  const threads = onGpu ? 1 : threadCount();
  // On the GPU as its documentation advises, so that operators that its delegate lacks run in WASM.
  await litert.loadLiteRt(folder, { threads: !onGpu, jspi: BUILD[accelerator] === 'jspi_' });
  const model = await litert.loadAndCompile(files.tflite, {
    accelerator,
    gpuOptions: { precision: 'fp32' },
    cpuOptions: { numThreads: threads },
  });
  const path = canvasPath(canvas, pixels, 'pixels');
  const shape = [1, pixels, pixels, 3];
  const predict = async (given: litert.Tensor): Promise<litert.Tensor> => {
    const [painting, ...others] = await model.run([given]);
    for (const other of others) other.delete();
    if (!painting) throw new Error('LiteRT.js gave no painting.');
    return painting;
  };
  const compute = async (image: Float32Array): Promise<Float32Array> => {
    const given = litert.Tensor.fromTypedArray(image, shape);
    const painting = await predict(given);
    const values = (await painting.data()) as Float32Array;
    given.delete();
    painting.delete();
    return values;
  };
  const image = reordered(picture, 'planes', 'pixels');
  const held = litert.Tensor.fromTypedArray(image, shape);
  const still = onGpu ? await held.moveTo('webgpu') : held;
  return {
    version: VERSION,
    adapter: adapterOf(model, threads),
    run: async () => reordered(await compute(image), 'pixels', 'planes'),
    step: async () => (await predict(still)).delete(),
    frame: async video => path.show(await compute(path.take(video))),
    finished: async () => {
      await litert.getWebGpuDevice()?.queue.onSubmittedWorkDone();
    },
  };
}

function adapterOf({ options, isFullyAccelerated }: litert.CompiledModel, threads: number): string {
  if (options.accelerator === 'wasm') return `${threads} threads`;
  const { vendor = '', architecture = '' } = litert.getWebGpuDevice()?.adapterInfo ?? {};
  return `${vendor} ${architecture}${isFullyAccelerated ? '' : ', parts of it in WASM'}`;
}
