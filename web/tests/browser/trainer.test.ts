// The trainer on WebGPU.

import { test } from 'vitest';
import { createTrainer, sgd } from '../../engine/training/index.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { perceptron, testTrainer } from '../trainer.ts';

/** Devices that were requested, oldest first. */
const devices: GPUDevice[] = [];
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await request.apply(this, args);
  devices.push(device);
  return device;
};

const options = { loss: 'mse', optimizer: sgd(), learningRate: 0.1, backend: 'webgpu' } as const;
const refusal = await createTrainer(perceptron(), options).then(
  trainer => trainer.destroy(),
  (error: unknown) => String(error),
);

if (refusal?.includes('cannot train on WebGPU'))
  test.skip(`the trainer on WebGPU: ${refusal}`, () => undefined);
else {
  testTrainer({
    backend: 'webgpu',
    cases: await (await fetch('/training.json')).json(),
    steps: 30,
    readBytes: fetchBytes,
    readFloats: fetchFloats,
    lose: () => devices.at(-1)?.destroy(),
  });
}
