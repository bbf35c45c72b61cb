// The plans of looks: how many operations, and what each reads.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { multiplyAdds } from '../../engine/graph/ir/cost.ts';
import type { Convolution, Operation } from '../../engine/graph/ir/operation.ts';
import { paddedLength } from '../../engine/graph/ir/tensor.ts';
import { readLook } from '../../engine/index.ts';
import { readModel } from '../../engine/look.ts';
import { CACHE } from '../cases.ts';
import { kinds } from '../plans.ts';

const planOf = async (name: string) =>
  (await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;
const networkOf = async (name: string) =>
  (await readModel(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;
const paddings = (operations: readonly Operation[]) =>
  operations.flatMap(operation => (operation.kind === 'convolution' ? [operation.padding] : []));
const isDoubled = (operation: Operation): operation is Convolution =>
  operation.kind === 'convolution' && operation.weights.sumOf !== null;

test.each([
  ['lean-256-uint8-soft', 14],
  ['small-256-uint8-soft', 16],
  ['medium-256-uint8-soft', 16],
  ['large-256-uint8-soft', 16],
])('%s becomes the frame input, two resamplings and its convolutions', async (name, convolutions) => {
  const { operations } = await planOf(name);
  expect(kinds(operations)).toEqual([
    'frameInput',
    'resample',
    'resample',
    ...Array(convolutions).fill('convolution'),
  ]);
});

test('a Buffer of Node is read as other bytes are', async () => {
  const file = readFileSync(`${CACHE}/lean-64-uint16-colour.onnx`);
  // At an odd place nothing is aligned, so numbers are copied.
  const given = Buffer.concat([Buffer.alloc(1), file]).subarray(1);
  expect(await readLook(given)).toEqual(await readLook(new Uint8Array(file)));
  expect(given.equals(file)).toBe(true);
});

test('the edges guide adds one convolution, whose border repeats the edge', async () => {
  const { operations } = await planOf('lean-64-float16-edges');
  expect(kinds(operations).slice(0, 3)).toEqual(['frameInput', 'convolution', 'convolution']);
  expect(paddings(operations).slice(0, 2)).toEqual(['edge', 'zero']);
});

test('padding with the edge and doubling cost no operation', async () => {
  const { operations } = await planOf('full-256-uint8-levels');
  expect(kinds(operations)).toEqual([
    'frameInput',
    ...Array(4).fill('resample'),
    ...Array(12).fill('convolution'),
  ]);
  expect(paddings(operations)).toEqual(Array(12).fill('edge'));
});

test('a convolution of a doubled picture multiplies four times per output and not nine', async () => {
  const { operations } = await planOf('full-256-uint8-levels');
  const doubled = operations.filter(isDoubled);
  expect(doubled.map(({ output }) => output.shape[3])).toEqual([8, 16, 32, 64, 128, 256]);
  for (const { inputs, output, ...convolution } of doubled) {
    expect((inputs[0]?.shape[3] ?? 0) * 2).toBe(output.shape[3]);
    const plain = { ...convolution, inputs, output, epilogue: null };
    expect(multiplyAdds(plain)).toBe(4 * paddedLength(output) * (inputs[0]?.shape[1] ?? 0));
  }
});

test.each([
  ['uint8', 'float16'],
  ['uint16', 'float32'],
  ['float16', 'float32'],
  ['float32', 'float32'],
])('sums of %s weights are %s', async (storage, type) => {
  const { operations } = await networkOf(`doubled-${storage}`);
  const types = operations.filter(isDoubled).map(({ weights }) => weights.type);
  expect(types).toEqual(Array(4).fill(type));
});

test('what others read of a padded or doubled picture is computed as before', async () => {
  const { operations } = await networkOf('read-twice');
  expect(kinds(operations)).toEqual(expect.arrayContaining(['movement', 'resample']));
  expect(paddings(operations)).toEqual(['edge', 'zero', 'zero', 'zero', 'zero', 'zero']);
  expect(operations.filter(isDoubled)).toHaveLength(1);
});

test('8-bit weights stay 8-bit', async () => {
  const { operations } = await planOf('small-256-uint8-soft');
  for (const operation of operations)
    if (operation.kind === 'convolution') expect(operation.weights.type).toBe('uint8');
});

test('activations need little more memory than the largest layers', async () => {
  const bytes = (await planOf('medium-256-uint8-soft')).buffers.reduce((a, b) => a + b, 0);
  expect(bytes).toBeLessThan(6e6);
});

test('no operation reads a buffer that it writes', async () => {
  for (const name of ['lean-256-uint8-soft', 'large-256-uint8-soft', 'lean-512-uint8-edges']) {
    const { operations, slices } = await planOf(name);
    for (const { inputs, output } of operations) {
      for (const tensor of inputs) expect(slices.get(tensor)?.buffer).not.toBe(slices.get(output)?.buffer);
    }
  }
});
