// The engines by name. The code of an engine is imported only in its own document.

import type { TrainingEngine } from './learner.ts';

interface EngineEntry {
  /** Its name in tables. */
  readonly label: string;
  readonly load: () => Promise<TrainingEngine>;
  /** Steps whose calls are counted: some engines take long. */
  readonly counted: number;
}

export const ENGINES = {
  'limner-webgpu': {
    label: 'limner, WebGPU',
    load: async () => (await import('./limner.ts')).makeLimner('webgpu'),
    counted: 7,
  },
  'limner-webgl2': {
    label: 'limner, WebGL2',
    load: async () => (await import('./limner.ts')).makeLimner('webgl2'),
    counted: 7,
  },
  'limner-cpu': {
    label: 'limner, CPU, in a worker',
    load: async () => (await import('./limner.ts')).makeLimner('cpu'),
    counted: 1,
  },
  'jax-webgpu': {
    label: 'jax-js, WebGPU',
    load: async () => (await import('./jax.ts')).makeJax('webgpu'),
    counted: 3,
  },
  'jax-wasm': {
    label: 'jax-js, WASM',
    load: async () => (await import('./jax.ts')).makeJax('wasm'),
    counted: 1,
  },
  'tfjs-webgpu': {
    label: 'TensorFlow.js, WebGPU',
    load: async () => (await import('./tfjs.ts')).makeTfjs('webgpu'),
    counted: 1,
  },
  'tfjs-webgl': {
    label: 'TensorFlow.js, WebGL',
    load: async () => (await import('./tfjs.ts')).makeTfjs('webgl'),
    counted: 1,
  },
} as const satisfies Record<string, EngineEntry>;

export type EngineName = keyof typeof ENGINES;

export const ENGINE_NAMES = Object.keys(ENGINES) as EngineName[];

/** What the others are compared with. */
export const OWN: EngineName = 'limner-webgpu';
