// Gradients of every differentiable operator, against torch in float64: on the CPU, and as files in ONNX Runtime.

import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../engine/autograd/gradients.ts';
import { toStandardOperators } from '../../engine/autograd/standard-operators.ts';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import { CACHE } from '../cases.ts';

interface Case {
  readonly name: string;
  readonly op: string;
  /** Inputs x0, x1, ... that have a gradient. */
  readonly inputs: number;
}

const cases: Case[] = JSON.parse(readFileSync(`${CACHE}/gradients.json`, 'utf8'));
const read = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** The largest difference, as a part of the largest gradient. */
function difference(made: ArrayLike<number>, expected: Float32Array): number {
  expect(made.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  return (
    expected.reduce((most, value, i) => Math.max(most, Math.abs((made[i] ?? Number.NaN) - value)), 0) /
    largest
  );
}

describe.each([
  ['float64', 1e-6],
  ['float32', 1e-4],
] as const)('in %s', (precision, tolerance) => {
  test.each(cases)('$name is as in torch', async ({ name, inputs }) => {
    const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
    const wanted = Array.from({ length: inputs }, (_, i) => `x${i}`);
    const { model: step, gradients } = await differentiate(model, 'loss', wanted);
    const executor = new CpuExecutor(await lower(step, TRAINING), precision);
    for (const { name: input } of model.inputs) executor.array(input).set(read(`${name}.${input}`));
    executor.run();
    for (const [i, one] of wanted.entries()) {
      const made = executor.array(gradients.get(one) ?? '');
      expect(difference(made, read(`${name}.g${i}`)), one).toBeLessThan(tolerance);
    }
  });
});

/** ONNX Runtime has no kernels for these operators. */
const UNKNOWN = ['NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss', 'Swish'];

test.each(cases.filter(({ op }) => !UNKNOWN.includes(op)))(
  '$name is as in torch in ONNX Runtime',
  async ({ name, inputs }) => {
    const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
    const wanted = Array.from({ length: inputs }, (_, i) => `x${i}`);
    const { model: step, gradients } = await differentiate(model, 'loss', wanted);
    const session = await ort.InferenceSession.create(writeModel(toStandardOperators(step)));
    const feeds = Object.fromEntries(
      model.inputs.map(({ name: input, dims }) => [
        input,
        new ort.Tensor('float32', read(`${name}.${input}`), dims?.map(Number) ?? []),
      ]),
    );
    const made = await session.run(feeds);
    for (const [i, one] of wanted.entries()) {
      const { data } = made[gradients.get(one) ?? ''] ?? { data: new Float32Array() };
      expect(difference(data as Float32Array, read(`${name}.g${i}`)), one).toBeLessThan(1e-4);
    }
    await session.release();
  },
);
