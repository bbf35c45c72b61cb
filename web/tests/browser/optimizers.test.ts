// Every optimizer on WebGPU.

import { afterAll, beforeAll } from 'vitest';
import { createWebgpuBackend } from '../../engine/training/webgpu-backend.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { testOptimizers } from '../optimizers.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

testOptimizers(await (await fetch('/optimizers.json')).json(), (step, optimizer) =>
  createWebgpuBackend(step, optimizer, { device }),
);
