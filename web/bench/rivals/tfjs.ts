// TensorFlow.js on the graph model that `limner export --to tfjs` writes. It reads frames with `fromPixels`, and
// shows paintings with `draw` if the backend has it, else with `toPixels`, which reads back.

import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { centerCrop } from '../../shared/canvas.ts';
import { convertLayout } from './canvas-io.ts';
import { alwaysAvailable, webgpuUnavailable } from './capabilities.ts';
import { prefetch } from './prefetch.ts';
import type { Engine, LookFiles, Rival, RivalContext } from './rival.ts';

export type TfjsBackend = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

const folder = new URL('./runtimes/tfjs/', document.baseURI).href;

const FENCES = {
  webgpu: 'one value of the painting read back with data()',
  webgl: 'one value of the painting read back with dataSync()',
  wasm: 'none needed: predict() returns when it is done',
} as const satisfies Partial<Record<TfjsBackend, string>>;

export const makeTfjs = (backend: keyof typeof FENCES): Engine => ({
  format: 'tfjs',
  fence: FENCES[backend],
  unavailableReason: backend === 'webgpu' ? webgpuUnavailable : alwaysAvailable,
  prepare: () => prepareTfjs(backend),
  create: context => create(backend, context),
});

/** Imports and fetches what tfjs needs for a backend. */
export async function prepareTfjs(backend: TfjsBackend): Promise<void> {
  switch (backend) {
    case 'webgpu':
      await import('@tensorflow/tfjs-backend-webgpu');
      return;
    case 'webgl':
      await import('@tensorflow/tfjs-backend-webgl');
      return;
    case 'wasm': {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      setWasmPaths(folder);
      // Its threads start from the source of a function, which minifiers change.
      tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
      await prefetch([`${folder}tfjs-backend-wasm${simd ? '-simd' : ''}.wasm`]);
      return;
    }
    case 'cpu':
      await import('@tensorflow/tfjs-backend-cpu');
      return;
    default:
      return backend satisfies never;
  }
}

/** Makes tfjs use a backend in this document. */
export async function startTfjs(backend: TfjsBackend): Promise<void> {
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js could not start on ${backend}`);
  await tf.ready();
}

export const openModel = ({ tfjs: { json, weights } }: Pick<LookFiles, 'tfjs'>) =>
  loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      signature: json.signature,
      weightSpecs: json.weightsManifest.flatMap(group => group.weights) as tf.io.WeightsManifestEntry[],
      weightData: weights,
    }),
  });

/** Converts planes (3, P, P) to the tensor (1, P, P, 3) that the model takes. */
export const toTensor = (planes: Float32Array, pixels: number): tf.Tensor4D =>
  tf.tensor4d(convertLayout(planes, 'chw', 'hwc'), [1, pixels, pixels, 3]);

async function create(
  backend: keyof typeof FENCES,
  { pixels, image, canvas, files }: RivalContext,
): Promise<Rival> {
  await startTfjs(backend);
  const model = await openModel(files);
  const predict = (image: tf.Tensor) => model.predict(image) as tf.Tensor4D;
  const input = toTensor(image, pixels);
  let lastPainting: tf.Tensor4D | null = null;
  const keepPainting = (painting: tf.Tensor4D): void => {
    lastPainting?.dispose();
    lastPainting = painting;
  };
  return {
    version: tf.version_core,
    adapter: backend === 'wasm' ? '1 thread' : '',
    run: async () => {
      const painting = tf.tidy(() => predict(input));
      const values = await painting.data<'float32'>();
      painting.dispose();
      return convertLayout(values, 'hwc', 'chw');
    },
    step: async () => keepPainting(tf.tidy(() => predict(input))),
    frame: async video => {
      const painting = tf.tidy(() => predict(readFrame(video, pixels)));
      await showPainting(painting, backend, canvas);
      keepPainting(painting);
    },
    finished: () => waitForPainting(backend, lastPainting),
  };
}

/** The video's centre square as (1, P, P, 3) of 0..1. */
function readFrame(video: HTMLVideoElement, pixels: number): tf.Tensor4D {
  const [left, top, side] = centerCrop(video.videoWidth, video.videoHeight);
  const frame = tf.browser.fromPixels(video);
  const square = tf.slice3d(frame, [Math.round(top), Math.round(left), 0], [side, side, 3]);
  const resized = tf.image.resizeBilinear(square, [pixels, pixels], false, true);
  return tf.expandDims<tf.Tensor4D>(tf.div(resized, 255), 0);
}

async function showPainting(
  painting: tf.Tensor4D,
  backend: TfjsBackend,
  canvas: HTMLCanvasElement,
): Promise<void> {
  const image = tf.tidy(() => tf.clipByValue(tf.squeeze<tf.Tensor3D>(painting, [0]), 0, 1));
  if (backend === 'webgpu') tf.browser.draw(image, canvas);
  else await tf.browser.toPixels(image, canvas);
  image.dispose();
}

/** Reads one value of the painting back, which waits for all of it. */
async function waitForPainting(backend: TfjsBackend, painting: tf.Tensor4D | null): Promise<void> {
  if (!painting || backend === 'wasm') return;
  const value = tf.tidy(() => tf.slice4d(painting, [0, 0, 0, 0], [1, 1, 1, 1]));
  if (backend === 'webgl') value.dataSync();
  else await value.data();
  value.dispose();
}
