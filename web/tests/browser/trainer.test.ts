// The trainer on WebGPU.

import { expect, test } from 'vitest';
import { adam, type Batch, createTrainer } from '../../engine/training/index.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { testPixelBatches } from '../pixel-batches.ts';
import { batchesOf, type Suite, testTrainer } from '../trainer.ts';

/** Devices that were requested, oldest first. */
const devices: GPUDevice[] = [];
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await request.apply(this, args);
  devices.push(device);
  return device;
};

/** Steps that are compared with torch's; 10 of the others. */
const STEPS: Readonly<Record<string, number>> = {
  'training-lean': 20,
  'training-lenet': 100,
  'training-lenet-muon': 4,
};

const suite: Suite = {
  backend: 'webgpu',
  cases: await (await fetch('/training.json')).json(),
  stepsOf: name => STEPS[name] ?? 10,
  readBytes: fetchBytes,
  readFloats: fetchFloats,
  lose: () => devices.at(-1)?.destroy(),
};

testTrainer(suite);

let uploaded = 0;
const { writeBuffer } = GPUQueue.prototype;
GPUQueue.prototype.writeBuffer = function (...given: Parameters<typeof writeBuffer>) {
  uploaded += given[2].byteLength;
  return writeBuffer.apply(this, given);
};
testPixelBatches({ backend: 'webgpu', lose: suite.lose, uploaded: () => uploaded });

test('a lost device changes no bit of LeNet', async () => {
  const lenet = suite.cases.find(({ name }) => name === 'training-lenet');
  if (!lenet) throw new Error('There is no LeNet.');
  const bytes = await fetchBytes(`${lenet.name}.onnx`);
  const batches = await batchesOf(suite, lenet);
  const results = [];
  for (const lostIn of [null, 13]) {
    const losses: number[] = [];
    const trainer = await createTrainer(bytes, {
      loss: lenet.loss,
      batch: lenet.batch,
      optimizer: adam(),
      learningRate: 0.001,
      backend: 'webgpu',
      snapshotEvery: 8,
      onLosses: (_, values) => losses.push(...values),
    });
    const before = devices.length;
    let isLost = false;
    const nextBatch = (step: number): Batch => {
      if (step === lostIn && !isLost) {
        isLost = true;
        devices.at(-1)?.destroy();
      }
      return batches(step);
    };
    await trainer.runUntil(nextBatch, { steps: 20 });
    expect(devices.length - before).toBe(lostIn === null ? 0 : 1);
    results.push([losses, await trainer.weights()]);
    trainer.destroy();
  }
  expect(results[0]?.[0]).toHaveLength(20);
  expect(results[1]).toEqual(results[0]);
});
