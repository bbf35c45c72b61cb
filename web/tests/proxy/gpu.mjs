// WebGPU in Node, on the driver that the environment names (devices.ts). LIMNER_PROXY is the folder that setup.sh made.

import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Gives Node the globals of WebGPU, and returns what `navigator.gpu` is in browsers. It has to be kept:
 * adapters do not. */
export function installWebGpu() {
  const { create, globals } = createRequire(join(process.env.LIMNER_PROXY, 'package.json'))('webgpu');
  Object.assign(globalThis, globals);
  return create(['backend=vulkan']);
}
