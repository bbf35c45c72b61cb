// ONNX's own node tests on WebGPU.

import { afterAll, beforeAll } from 'vitest';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { conform, REFUSED } from '../conformance.ts';
import { runOnWebgpu } from '../run-graph.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

await conform({
  backend: 'webgpu',
  run: (plan, inputs) => runOnWebgpu(plan, device, inputs),
  refused: REFUSED,
  least: 500,
});
