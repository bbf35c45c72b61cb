// Fifty steps of every optimizer on random gradients, against torch in float64.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { compileExpression } from '../../engine/cpu/expression.ts';
import { type Expression, input, rewrite } from '../../engine/graph/ir/expression.ts';
import { makeTensor } from '../../engine/graph/ir/tensor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { NodeWriter } from '../../engine/onnx/node-writer.ts';
import { adamw } from '../../engine/training/optimizers/adam.ts';
import { muon, muonWith } from '../../engine/training/optimizers/muon.ts';
import type { Optimizer } from '../../engine/training/optimizers/optimizer.ts';
import { CACHE } from '../cases.ts';
import { dimsOf, type OptimizerCases, optimizerOf } from '../optimizer-cases.ts';

const all: OptimizerCases = JSON.parse(readFileSync(`${CACHE}/optimizers.json`, 'utf8'));
const { steps, shape, cases } = all;
const read = (file: string): Float64Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** Computes the direction of an optimizer that has one, of a gradient and its slots. */
async function compileDirection(
  { direction, slots }: Optimizer,
  dims: readonly number[],
): Promise<(arrays: readonly Float64Array[]) => ArrayLike<number>> {
  if (!direction) return () => [];
  const names = ['gradient', ...slots.map(({ name }) => name)];
  const writer = new NodeWriter(names, 17);
  const made = direction(writer, { gradient: 'gradient', slots: names.slice(1), dims });
  const { nodes, constants } = writer;
  const value = (name: string) => ({ name, type: 1, dims });
  const inputs = names.map(value);
  const model = { size: 0, opset: 17, metadata: new Map(), nodes, constants, inputs, outputs: [value(made)] };
  const executor = new CpuExecutor(await lower(model), 'float64');
  return arrays => {
    for (const [i, name] of names.entries()) executor.array(name).set(arrays[i] ?? []);
    executor.run();
    return executor.array(made);
  };
}

/** The weights after each step. */
async function trajectory(given: Optimizer, rate: number, dims: readonly number[]): Promise<Float64Array> {
  const optimizer = given.of?.(dims) ?? given;
  const size = shape.reduce((a, b) => a * b, 1);
  const direct = await compileDirection(optimizer, dims);
  const direction = new Float64Array(size);
  const output = makeTensor('weights', shape);
  const weight = read('optimizers.start');
  const gradients = read('optimizers.gradients');
  const gradient = new Float64Array(size);
  const slots = optimizer.slots.map(({ initial }) => new Float64Array(size).fill(initial));
  const arrays = [weight, gradient, ...slots, direction];
  const scalars = optimizer.scalars(1, rate).map((_, i): Expression => ({ kind: 'live', index: i }));
  const update = optimizer.update({
    weight: input(0),
    gradient: input(1),
    slots: slots.map((_, i) => input(i + 2)),
    scalars,
    direction: input(slots.length + 2),
  });
  // Scalars as constants: live inputs are float32.
  const made = [update.weight, ...update.slots];
  const path = new Float64Array(steps * size);
  for (let t = 1; t <= steps; t++) {
    gradient.set(gradients.subarray((t - 1) * size, t * size));
    direction.set(direct([gradient, ...slots]));
    const values = optimizer.scalars(t, rate);
    const results = made.map(tree => {
      const to = new Float64Array(size);
      const own = rewrite(tree, leaf =>
        leaf.kind === 'live' ? { kind: 'constant', value: values[leaf.index] ?? 0 } : leaf,
      );
      const inputs = arrays.map(array => ({ tensor: output, array }));
      compileExpression(own, { output, made: to, inputs, live: new Float32Array() })();
      return to;
    });
    [weight, ...slots].forEach((array, i) => {
      array.set(results[i] ?? []);
    });
    path.set(weight, (t - 1) * size);
  }
  return path;
}

describe('as in torch', () => {
  test.each(cases)('$name $options', async one => {
    const made = await trajectory(optimizerOf(one), one.rate, dimsOf(all, one));
    const expected = read(one.file);
    expect(made.length).toBe(expected.length);
    const apart = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (made[i] ?? 0))), 0);
    expect(apart).toBeLessThan(1e-6);
  });
});

test('Muon is for matrices, and another optimizer for the rest', () => {
  expect(() => muon().of?.([8, 3, 3, 3])).toThrow('matrices');
  expect(() => muon().update({ weight: input(0), gradient: input(1), slots: [], scalars: [] })).toThrow(
    'without its optimizer',
  );
  const together = muonWith(adamw(), { otherRate: 0.1 });
  expect(together.of?.([8, 3]).name).toBe('muon');
  expect(together.of?.([8]).name).toBe('adamw');
  expect(together.scalars(3, 0.1)).toEqual([...muon().scalars(3, 0.1), ...adamw().scalars(3, 0.1 * 0.1)]);
});
