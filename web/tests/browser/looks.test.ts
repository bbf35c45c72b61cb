// Complete looks on WebGPU.

import { afterAll, beforeAll } from 'vitest';
import { createPainter } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { compareLooks } from '../looks.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

compareLooks(look => createPainter(look, { device, precision: 'float32' }));
