// Gradients on WebGPU, and random numbers.

import { afterAll, beforeAll } from 'vitest';
import { TRAINING } from '../../engine/webgpu/kernels/training-extended.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { compareGradients } from '../gradients.ts';
import { runOnWebgpu } from '../run-graph.ts';
import { compareNoise } from '../uniform-noise.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

await compareGradients((plan, inputs) => runOnWebgpu(plan, device, inputs, undefined, TRAINING));
compareNoise((plan, inputs) => runOnWebgpu(plan, device, inputs, undefined, TRAINING));
