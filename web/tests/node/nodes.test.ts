// ONNX's own node tests on the CPU, with tolerances of 1e-4 absolute and relative.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { CACHE } from '../cases.ts';
import { decode, decodeFloats, excess } from '../compare.ts';
import { type Case, planOf, REFUSED } from '../node-cases.ts';

const { cases }: { cases: Case[] } = JSON.parse(readFileSync(`${CACHE}/nodes.json`, 'utf8'));
const sentenceOf = (name: string) => REFUSED.find(([pattern]) => pattern.test(name))?.[1];
const run = cases.filter(({ skip }) => !skip);

test.each(run.filter(({ name }) => !sentenceOf(name)))('$name', async ({ model, inputs, outputs }) => {
  const graph = await lower(readModel(decode(model)), TRAINING);
  const executor = new CpuExecutor(graph);
  for (const [name, data] of Object.entries(inputs)) executor.array(name).set(decodeFloats(data));
  executor.run();
  expect(graph.outputs.map(({ name }) => name).sort()).toEqual(Object.keys(outputs).sort());
  for (const { name, dims } of graph.outputs) {
    expect(dims).toEqual(outputs[name]?.dims);
    const expected = decodeFloats(outputs[name]?.data ?? '');
    expect(excess(Float32Array.from(executor.array(name)), expected, 1e-4, 1e-4)).toBeLessThanOrEqual(0);
  }
});

test.each(run.filter(({ name }) => sentenceOf(name)))('$name is refused', async ({ name, model }) => {
  await expect(lower(readModel(decode(model)), TRAINING)).rejects.toThrow(sentenceOf(name));
});

test('what paints refuses operators for training', async () => {
  const training = run.filter(one => one.training);
  expect(new Set(training.map(({ op }) => op)).size).toBe(6);
  for (const one of training) {
    await expect(planOf({ ...one, training: false }), one.name).rejects.toThrow(
      /not support|training mode|as a constant/,
    );
  }
});
