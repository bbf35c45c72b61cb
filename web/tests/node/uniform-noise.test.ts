// The random numbers of dropout: known answers, that they are uniform, and that nodes and steps do not share them.

import { expect, test } from 'vitest';
import { differentiate } from '../../engine/autograd/gradients.ts';
import { toStandardOperators } from '../../engine/autograd/standard-operators.ts';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { philox } from '../../engine/graph/ir/philox.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { float, NodeWriter } from '../../engine/onnx/node-writer.ts';
import { noiseInputs } from '../../engine/training/noise.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { drawOnCpu, noiseModel } from '../uniform-noise.ts';

test('Philox gives the answers that its authors publish', () => {
  const hex = (words: readonly number[]) => words.map(word => word.toString(16).padStart(8, '0')).join(' ');
  const most = 0xffffffff;
  expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(philox([most, most, most, most], [most, most]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

const DIMS = [4, 10, 32, 32];
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the numbers are uniform in [0, 1)', async () => {
  const drawn = await drawOnCpu(noiseModel(DIMS), 5, 9);
  expect(drawn.every(value => value >= 0 && value < 1)).toBe(true);
  const bins = new Array(64).fill(0);
  for (const value of drawn) bins[Math.floor(value * 64)] += 1;
  const expected = drawn.length / 64;
  const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 63 degrees of freedom: below 30 or above 110 in one of 5,000 draws each.
  expect(chiSquare).toBeGreaterThan(30);
  expect(chiSquare).toBeLessThan(110);
});

test('seeds, steps, nodes and neighbours are independent', async () => {
  const first = await drawOnCpu(noiseModel(DIMS, 0), 5, 9);
  const others = [
    await drawOnCpu(noiseModel(DIMS, 0), 6, 9),
    await drawOnCpu(noiseModel(DIMS, 0), 5, 10),
    await drawOnCpu(noiseModel(DIMS, 1), 5, 9),
    first.map((_, i) => first[(i + 1) % first.length] ?? 0),
    first.map((_, i) => first[(i + 32) % first.length] ?? 0),
    first.map((_, i) => first[(i + 1024) % first.length] ?? 0),
  ];
  for (const other of others) {
    const together = mean(Array.from(first, (value, i) => (value - 0.5) * ((other[i] ?? 0) - 0.5)));
    // Of 40,960 pairs: within five standard deviations.
    expect(Math.abs(together * 12)).toBeLessThan(5 / Math.sqrt(first.length));
  }
  expect(await drawOnCpu(noiseModel(DIMS, 0), 5, 9)).toEqual(first);
});

/** Two dropouts, of which the second drops nine of ten. */
function droppingModel(): OnnxModel {
  const writer = new NodeWriter(['x', 'weights'], 11);
  writer.addNamed('half', 'Dropout', ['x'], { ratio: float(0.5) });
  writer.addNamed('y', 'Mul', ['half', 'weights']);
  writer.addNamed('z', 'Dropout', ['y'], { ratio: float(0.9) });
  const weights = new Float32Array(1000).fill(1);
  const constants = new Map([
    [
      'weights',
      { name: 'weights', type: 'float32' as const, dims: [1, 1000], bytes: new Uint8Array(weights.buffer) },
    ],
  ]);
  const value = (name: string) => ({ name, type: 1, dims: [8, 1000] });
  const shared = { size: 0, opset: 11, metadata: new Map<string, string>(), nodes: writer.nodes, constants };
  return { ...shared, inputs: [value('x')], outputs: [value('z')] };
}

test('a step of dropout drops other elements at each step, and the same ones again', async () => {
  const step = await makeTrainingStep(droppingModel(), { loss: 'mse' });
  expect(step.random).not.toBeNull();
  const executor = new CpuExecutor(await lower(step.model, TRAINING));
  executor.array('x').fill(1);
  executor.array('weights').fill(1);
  const [gradient = ''] = step.gradients.values();
  const dropped = (counter: number) => {
    for (const [name, values] of noiseInputs(step, 3, counter)) executor.array(name).set(values);
    executor.run();
    // Of the weight: 0 where all eight images lost it.
    return Array.from(executor.array(gradient), value => (value === 0 ? 1 : 0));
  };
  const [first, second] = [dropped(1), dropped(2)];
  expect(first).not.toEqual(second);
  expect(dropped(1)).toEqual(first);
  // An image keeps an element with a probability of 0.05.
  expect(mean(first)).toBeGreaterThan(0.95 ** 8 - 0.08);
  expect(mean(first)).toBeLessThan(0.95 ** 8 + 0.08);
});

test('in a file of standard operators the random numbers are inputs', async () => {
  const step = await makeTrainingStep(droppingModel(), { loss: 'mse' });
  const { inputs, nodes } = toStandardOperators(step.model);
  expect(nodes.every(({ domain }) => domain === '')).toBe(true);
  const noise = inputs.filter(({ name }) => name.endsWith('uniform'));
  expect(noise.map(({ dims }) => dims)).toEqual([
    [8, 1000],
    [8, 1000],
  ]);
  expect(inputs.some(({ name }) => [step.random?.seed, step.random?.step].includes(name))).toBe(false);
});

test('random numbers have no gradient', async () => {
  const model = noiseModel([1, 4]);
  const writer = new NodeWriter(['y', 'seed', 'step'], 17);
  writer.addNamed('loss', 'ReduceMean', ['y']);
  const nodes = [...model.nodes, ...writer.nodes];
  const { gradients } = await differentiate({ ...model, nodes }, 'loss', ['step']);
  expect(gradients.size).toBe(1);
});
