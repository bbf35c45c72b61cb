// Fifty steps of every optimizer on random gradients, against torch in float64.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../engine/cpu/expression.ts';
import { type Expression, input, rewrite } from '../../engine/graph/ir/expression.ts';
import { makeTensor } from '../../engine/graph/ir/tensor.ts';
import { adadelta } from '../../engine/training/optimizers/adadelta.ts';
import { adagrad } from '../../engine/training/optimizers/adagrad.ts';
import { adam, adamw } from '../../engine/training/optimizers/adam.ts';
import { lion } from '../../engine/training/optimizers/lion.ts';
import type { Optimizer } from '../../engine/training/optimizers/optimizer.ts';
import { rmsprop } from '../../engine/training/optimizers/rmsprop.ts';
import { sgd } from '../../engine/training/optimizers/sgd.ts';
import { CACHE } from '../cases.ts';

interface Case {
  readonly name: string;
  readonly options: Record<string, never>;
  readonly rate: number;
  readonly file: string;
}

const { steps, shape, cases }: { steps: number; shape: number[]; cases: Case[] } = JSON.parse(
  readFileSync(`${CACHE}/optimizers.json`, 'utf8'),
);
const read = (file: string): Float64Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const OPTIMIZERS: Record<string, (options: object) => Optimizer> = {
  adadelta,
  adagrad,
  adam,
  adamw,
  lion,
  rmsprop,
  sgd,
};

/** The weights after each step. */
function trajectory(optimizer: Optimizer, rate: number): Float64Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const output = makeTensor('weights', shape);
  const weight = read('optimizers.start');
  const gradients = read('optimizers.gradients');
  const gradient = new Float64Array(size);
  const slots = optimizer.slots.map(({ initial }) => new Float64Array(size).fill(initial));
  const arrays = [weight, gradient, ...slots];
  const scalars = optimizer.scalars(1, rate).map((_, i): Expression => ({ kind: 'live', index: i }));
  const update = optimizer.update({
    weight: input(0),
    gradient: input(1),
    slots: slots.map((_, i) => input(i + 2)),
    scalars,
  });
  // Scalars as constants: live inputs are float32.
  const made = [update.weight, ...update.slots];
  const path = new Float64Array(steps * size);
  for (let t = 1; t <= steps; t++) {
    gradient.set(gradients.subarray((t - 1) * size, t * size));
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
  test.each(cases)('$name $options', ({ name, options, rate, file }) => {
    const made = trajectory(OPTIMIZERS[name]?.(options) ?? sgd(), rate);
    const expected = read(file);
    expect(made.length).toBe(expected.length);
    const apart = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (made[i] ?? 0))), 0);
    expect(apart).toBeLessThan(1e-6);
  });
});
