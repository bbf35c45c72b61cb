// The trainer on the CPU of a page: in a worker.

import { expect, test } from 'vitest';
import { adam, createTrainer } from '../../engine/training/index.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { batchesOf, perceptron, type Suite } from '../trainer.ts';
import type { TrainingCase } from '../training-steps.ts';

const options = { optimizer: adam(), learningRate: 0.001, backend: 'cpu' } as const;

test('a worker computes, and the page goes on', async () => {
  const cases: TrainingCase[] = await (await fetch('/training.json')).json();
  const lenet = cases.find(({ name }) => name === 'training-lenet');
  if (!lenet) throw new Error('There is no LeNet.');
  const suite = { readFloats: fetchFloats } as Suite;
  const losses: number[] = [];
  const trainer = await createTrainer(await fetchBytes(`${lenet.name}.onnx`), {
    ...options,
    loss: lenet.loss,
    batch: lenet.batch,
    onLosses: (_, values) => losses.push(...values),
  });
  expect(trainer.adapter).toBe('the CPU, in a worker');
  let tasks = 0;
  const timer = setInterval(() => {
    tasks += 1;
  });
  await trainer.runUntil(await batchesOf(suite, lenet), { steps: 10 });
  clearInterval(timer);
  expect(tasks).toBeGreaterThan(10);
  for (const [step, value] of losses.entries()) {
    const expected = lenet.losses[step] ?? 0;
    expect(Math.abs(value - expected) / expected, `step ${step}`).toBeLessThan(1e-3);
  }
  trainer.destroy();
});

test('where no worker starts, the page computes', async () => {
  const { Worker } = globalThis;
  globalThis.Worker = class extends Worker {
    constructor() {
      super('/no-such-worker.js');
    }
  };
  try {
    const trainer = await createTrainer(perceptron(), { ...options, loss: 'mse' });
    expect(trainer.adapter).toBe('the CPU, in place');
  } finally {
    globalThis.Worker = Worker;
  }
});
