// The device of the painters that follow a training. Fetched where WebGPU paints, so that WebGL2 fetches nothing of it.

export { requestDevice } from '../webgpu/runtime/device.ts';
