// The rivals by name. The code of a rival is imported only when it is measured, so that its load time and its bytes
// are its own.

import type { Engine } from './rival.ts';

interface RivalEntry {
  /** Its name in tables. */
  readonly label: string;
  readonly load: () => Promise<Engine>;
}

export const NO_NODE = 'only `limner bench browser` can start Node';

export const RIVALS = {
  'limner-webgpu': {
    label: 'limner, WebGPU',
    load: async () => (await import('./limner.ts')).makeLimner('webgpu'),
  },
  'limner-webgl2': {
    label: 'limner, WebGL2',
    load: async () => (await import('./limner.ts')).makeLimner('webgl2'),
  },
  /** In a process of its own (`node-sandbox.ts`), and in no document. */
  'limner-node': {
    label: 'limner, Node (Dawn)',
    load: async () => Promise.reject(new Error(NO_NODE)),
  },
  'ort-webgpu': {
    label: 'ONNX Runtime, WebGPU',
    load: async () => (await import('./onnxruntime.ts')).makeOnnxRuntime('webgpu'),
  },
  'ort-wasm': {
    label: 'ONNX Runtime, WASM, 1 thread',
    load: async () => (await import('./onnxruntime.ts')).makeOnnxRuntime('wasm'),
  },
  'ort-wasm-threads': {
    label: 'ONNX Runtime, WASM, up to 8 threads',
    load: async () => (await import('./onnxruntime.ts')).makeOnnxRuntime('wasm-threads'),
  },
  'tfjs-webgpu': {
    label: 'TensorFlow.js, WebGPU',
    load: async () => (await import('./tfjs.ts')).makeTfjs('webgpu'),
  },
  'tfjs-webgl': {
    label: 'TensorFlow.js, WebGL',
    load: async () => (await import('./tfjs.ts')).makeTfjs('webgl'),
  },
  'tfjs-wasm': {
    label: 'TensorFlow.js, WASM, 1 thread',
    load: async () => (await import('./tfjs.ts')).makeTfjs('wasm'),
  },
  'litert-webgpu': {
    label: 'LiteRT.js, WebGPU',
    load: async () => (await import('./litert.ts')).makeLitert('webgpu'),
  },
  'litert-wasm': {
    label: 'LiteRT.js, WASM, up to 8 threads',
    load: async () => (await import('./litert.ts')).makeLitert('wasm'),
  },
  'jax-webgpu': {
    label: 'jax-js, WebGPU',
    load: async () => (await import('./jax.ts')).jaxjs,
  },
  'year-2020': {
    label: 'the way of 2020 (TensorFlow.js, WebGL, read back)',
    load: async () => (await import('./year2020.ts')).year2020,
  },
} as const satisfies Record<string, RivalEntry>;

export type RivalName = keyof typeof RIVALS;

export const RIVAL_NAMES = Object.keys(RIVALS) as RivalName[];

export const NODE: RivalName = 'limner-node';

/** The rival whose output is the reference for all others. */
export const REFERENCE: RivalName = 'ort-wasm';

export const isRival = (name: string): name is RivalName => Object.hasOwn(RIVALS, name);

export const isLimner = (name: RivalName): boolean => name.startsWith('limner');
