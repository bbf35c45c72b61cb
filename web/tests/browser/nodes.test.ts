// ONNX's own node tests on WebGPU.

import { afterAll, beforeAll } from 'vitest';
import { TRAINING } from '../../engine/webgpu/kernels/training-extended.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { conform } from '../conformance.ts';
import { REFUSED } from '../node-cases.ts';
import { runOnWebgpu } from '../run-graph.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

await conform({
  backend: 'webgpu',
  run: (plan, inputs, training) => runOnWebgpu(plan, device, inputs, undefined, training ? TRAINING : null),
  refused: REFUSED,
  least: 500,
});
