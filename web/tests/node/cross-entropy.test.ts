// Softmax cross-entropy: written in ONNX's operators, ONNX Runtime computes the same loss and gradients as the CPU.

import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { toStandardOperators } from '../../engine/autograd/standard-operators.ts';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { productOf } from '../../engine/graph/ir/strides.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';

const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 3 * Math.sin(seed + i * 12.9898));

/** -log(softmax) of the right class, by its definition in float64. */
function crossEntropy(
  logits: Float32Array,
  targets: Float32Array,
  [n, c, pixels]: readonly [number, number, number],
): number {
  let sum = 0;
  for (let image = 0; image < n; image++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const own = Array.from({ length: c }, (_, k) => logits[(image * c + k) * pixels + pixel] ?? 0);
      const all = own.reduce((total, one) => total + Math.exp(one), 0);
      sum += Math.log(all) - (own[targets[image * pixels + pixel] ?? 0] ?? 0);
    }
  }
  return sum / (n * pixels);
}

describe.each([
  { name: 'of lists', dims: [4, 7], opset: 21 },
  { name: 'of pictures', dims: [2, 5, 3, 4], opset: 21 },
  // Before opset 13 Softmax takes all axes from its own on.
  { name: 'of pictures, in an old file', dims: [2, 5, 3, 4], opset: 12 },
])('$name', async ({ dims, opset }) => {
  const [n = 1, c = 1, ...rest] = dims;
  const scale = [1, c, ...rest.map(() => 1)];
  const file = model(
    graphOf({
      nodes: [node('Mul', ['x', 'w'], ['y'], {})],
      constants: [tensor('w', scale, numbers(c, 5))],
      inputs: [value('x', dims)],
      outputs: [value('y', dims)],
    }),
    { opset },
  );
  const step = await makeTrainingStep(readModel(file), { loss: 'crossEntropy' });
  const given = new Map([
    ['x', numbers(productOf(dims), 1)],
    [step.target, Float32Array.from({ length: productOf(dims) / c }, (_, i) => (i * 3) % c)],
    ['w', numbers(c, 5)],
  ]);
  const executor = new CpuExecutor(await lower(step.model, TRAINING), 'float64');
  for (const [name, values] of given) executor.array(name).set(values);
  executor.run();
  const gradient = step.gradients.get('w') ?? '';

  test('the loss is as it is defined', () => {
    const w = given.get('w') ?? [];
    const pixels = productOf(rest);
    const logits = (given.get('x') ?? new Float32Array()).map(
      (one, i) => one * (w[Math.floor(i / pixels) % c] ?? 0),
    );
    const expected = crossEntropy(logits, given.get(step.target) ?? logits, [n, c, pixels]);
    expect(executor.array(step.loss)[0]).toBeCloseTo(expected, 5);
  });

  test('ONNX Runtime computes it from the file', async () => {
    const session = await ort.InferenceSession.create(writeModel(toStandardOperators(step.model)));
    const feeds = Object.fromEntries(
      step.model.inputs.map(({ name, dims: own }) => [
        name,
        new ort.Tensor('float32', given.get(name) ?? new Float32Array(), own?.map(Number) ?? []),
      ]),
    );
    const made = await session.run(feeds);
    for (const name of [step.loss, gradient]) {
      const found = made[name]?.data as Float32Array;
      expect(found.length).toBe(executor.array(name).length);
      found.forEach((one, i) => {
        expect(one, name).toBeCloseTo(executor.array(name)[i] ?? Number.NaN, 5);
      });
    }
    await session.release();
  });
});
