// The engines of others, on WebGPU in Node. Each takes the folder that rival_files.py wrote, and gives a
// function that paints once, or null where the engine cannot paint on a GPU alone. Values stay on the GPU:
// there is none to read from.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import vm from 'node:vm';

const require = createRequire(import.meta.url);
const SIDE = 256;
const SHAPE = [1, SIDE, SIDE, 3];

/** In float32: it has no float16. */
async function startTfjs(folder) {
  const tf = require('@tensorflow/tfjs-core');
  require('@tensorflow/tfjs-backend-webgpu');
  const { loadGraphModel } = require('@tensorflow/tfjs-converter');
  await tf.setBackend('webgpu');
  const { weightsManifest, ...json } = JSON.parse(readFileSync(join(folder, 'tfjs/model.json'), 'utf8'));
  const shards = weightsManifest
    .flatMap(({ paths }) => paths)
    .map(path => readFileSync(join(folder, 'tfjs', path)));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const model = await loadGraphModel({ load: async () => ({ ...json, weightSpecs, weightData }) });
  const image = tf.zeros(SHAPE);
  return async () => tf.tidy(() => void model.predict(image));
}

/** In float16, as the engine: its file is. */
async function startOnnxRuntime(folder) {
  const ort = await import('onnxruntime-web/webgpu');
  const binary = join(
    dirname(require.resolve('onnxruntime-web/wasm')),
    'ort-wasm-simd-threaded.asyncify.wasm',
  );
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmBinary = readFileSync(binary);
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(join(folder, 'half.onnx'))), {
    // Buffers have their true sizes then.
    executionProviders: [{ name: 'webgpu', storageBufferCacheMode: 'simple' }],
    preferredOutputLocation: 'gpu-buffer',
    graphOptimizationLevel: 'all',
  });
  const device = await ort.env.webgpu.device;
  const { STORAGE, COPY_DST } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 2 * 3 * SIDE ** 2, usage: STORAGE | COPY_DST });
  const image = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float16', dims: [1, 3, SIDE, SIDE] });
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  return async () => {
    const outputs = await session.run({ [input]: image }, [output]);
    outputs[output].dispose();
  };
}

/** In float16, which is its default. */
async function startLitert(folder) {
  const litert = await import('@litertjs/core');
  const files = join(dirname(dirname(require.resolve('@litertjs/core'))), 'wasm');
  // Its loader is made for workers, and its binary looks for a module's names in Node.
  Object.assign(globalThis, {
    require,
    __dirname: files,
    __filename: files,
    importScripts: path => vm.runInThisContext(readFileSync(path, 'utf8')),
  });
  await litert.loadLiteRt(`${files}/`, { threads: false, jspi: false });
  const model = await litert.loadAndCompile(new Uint8Array(readFileSync(join(folder, 'look.tflite'))), {
    accelerator: 'webgpu',
    gpuOptions: { precision: 'fp16' },
  });
  if (!model.isFullyAccelerated) return null;
  const pixels = litert.Tensor.fromTypedArray(new Float32Array(3 * SIDE ** 2), SHAPE);
  const image = await pixels.moveTo('webgpu');
  return async () => {
    for (const output of await model.run([image])) output.delete();
  };
}

export const ENGINES = { tfjs: startTfjs, onnxruntime: startOnnxRuntime, litert: startLitert };
