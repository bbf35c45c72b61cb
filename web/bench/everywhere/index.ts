// The runtimes by the names that `limner bench everywhere` has for them. The code of a runtime is imported only in its own
// document.

import type { Runtime } from './runtime.ts';

export const RUNTIMES: Readonly<Record<string, () => Promise<Runtime>>> = {
  'limner webgpu': async () => (await import('./limner.ts')).makeLimner('webgpu'),
  'limner webgl2': async () => (await import('./limner.ts')).makeLimner('webgl2'),
  'limner cpu': async () => (await import('./limner.ts')).makeLimner('cpu'),
  'ONNX Runtime Web webgpu': async () => (await import('./onnxruntime.ts')).makeOnnxRuntime('webgpu'),
  'ONNX Runtime Web wasm': async () => (await import('./onnxruntime.ts')).makeOnnxRuntime('wasm'),
  'TensorFlow.js webgpu': async () => (await import('./tfjs.ts')).makeTfjs('webgpu'),
  'TensorFlow.js webgl': async () => (await import('./tfjs.ts')).makeTfjs('webgl'),
  'TensorFlow.js wasm': async () => (await import('./tfjs.ts')).makeTfjs('wasm'),
  'TensorFlow.js cpu': async () => (await import('./tfjs.ts')).makeTfjs('cpu'),
};

/** Those that train, by the engines of `npm run browser-training`. */
export const TRAININGS: Readonly<Record<string, () => Promise<Runtime>>> = {
  'limner webgpu': async () => (await import('./training.ts')).makeTraining('limner-webgpu'),
  'limner webgl2': async () => (await import('./training.ts')).makeTraining('limner-webgl2'),
  'limner cpu': async () => (await import('./training.ts')).makeTraining('limner-cpu'),
  'jax-js webgpu': async () => (await import('./training.ts')).makeTraining('jax-webgpu'),
  'jax-js wasm': async () => (await import('./training.ts')).makeTraining('jax-wasm'),
  'TensorFlow.js webgpu': async () => (await import('./training.ts')).makeTraining('tfjs-webgpu'),
  'TensorFlow.js webgl': async () => (await import('./training.ts')).makeTraining('tfjs-webgl'),
};
