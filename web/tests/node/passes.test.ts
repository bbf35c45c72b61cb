// What the passes make of graphs: how many operations are left, and what went where.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { transposedAxis } from '../../engine/graph/convolutions.ts';
import type { Operation } from '../../engine/graph/operation.ts';
import { readLook } from '../../engine/index.ts';
import { readGraph } from '../../engine/look.ts';
import { CACHE } from '../cases.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';

const planOf = async (name: string) =>
  (await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;
const kinds = (operations: readonly Operation[]) => operations.map(({ kind }) => kind);

test.each([
  ['lean-256-uint8-soft', 14],
  ['small-256-uint8-soft', 16],
  ['medium-256-uint8-soft', 16],
  ['large-256-uint8-soft', 16],
])('%s is the camera, two resamplings and its convolutions', async (name, convolutions) => {
  const { operations } = await planOf(name);
  expect(kinds(operations)).toEqual([
    'source',
    'resample',
    'resample',
    ...Array(convolutions).fill('convolution'),
  ]);
});

test('the edges guide adds a pad and one convolution', async () => {
  expect(kinds((await planOf('lean-64-float16-edges')).operations).slice(0, 3)).toEqual([
    'source',
    'rearrange',
    'convolution',
  ]);
});

test('8-bit weights stay 8-bit, views of the file', async () => {
  const { operations } = await planOf('small-256-uint8-soft');
  for (const operation of operations)
    if (operation.kind === 'convolution') expect(operation.weights.type).toBe('uint8');
});

test('activations of all sizes fit in little more than the largest layers', async () => {
  const bytes = (await planOf('medium-256-uint8-soft')).buffers.reduce((a, b) => a + b, 0);
  expect(bytes).toBeLessThan(6e6);
});

test('no operation reads a buffer that it writes', async () => {
  for (const name of ['lean-256-uint8-soft', 'large-256-uint8-soft', 'lean-512-uint8-edges']) {
    const { operations, places } = await planOf(name);
    for (const { inputs, output } of operations) {
      for (const tensor of inputs) expect(places.get(tensor)?.buffer).not.toBe(places.get(output)?.buffer);
    }
  }
});

const picture = value('x', [1, 4, 8, 8]);
const ones = (name: string, dims: number[]) => {
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor(name, dims, new Float32Array(size).fill(1));
};

function plan(nodes: number[][], constants: Uint8Array[]) {
  return readGraph(
    model(graphOf({ nodes, constants, inputs: [picture], outputs: [value('y', [1, 4, 8, 8])] })),
  );
}

test('batch norm folds into the convolution before it', async () => {
  const { operations } = await plan(
    [
      node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['a', 's', 't', 'm', 'v'], ['b'], { epsilon: 0.5 }),
      node('Relu', ['b'], ['y'], {}),
    ],
    [
      ones('w', [4, 4, 3, 3]),
      tensor('s', [4], Float32Array.of(2, 2, 2, 2)),
      tensor('t', [4], Float32Array.of(1, 2, 3, 4)),
      ones('m', [4]),
      tensor('v', [4], Float32Array.of(3.5, 3.5, 3.5, 3.5)),
    ],
  );
  const [convolution] = operations;
  expect(kinds(operations)).toEqual(['convolution']);
  if (convolution?.kind !== 'convolution') throw new Error('no convolution');
  expect([...(convolution.weights.scale ?? [])]).toEqual([1, 1, 1, 1]);
  expect([...(convolution.bias ?? [])]).toEqual([0, 1, 2, 3]);
  expect(convolution.epilogue).toEqual({ kind: 'unary', name: 'relu', of: { kind: 'value' } });
});

test('a residual is added in the epilogue of the later convolution', async () => {
  const { operations } = await plan(
    [
      node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Conv', ['a', 'w'], ['b'], { pads: [1, 1, 1, 1] }),
      node('Add', ['b', 'a'], ['c'], {}),
      node('Relu', ['c'], ['y'], {}),
    ],
    [ones('w', [4, 4, 3, 3])],
  );
  expect(kinds(operations)).toEqual(['convolution', 'convolution']);
  expect(operations[1]?.inputs).toHaveLength(2);
});

test('what nobody reads is not computed', async () => {
  const { operations } = await plan([node('Exp', ['x'], ['unused'], {}), node('Relu', ['x'], ['y'], {})], []);
  expect(operations).toHaveLength(1);
});

test('a join of a part with what is made from it stays a copy', async () => {
  const { operations } = await plan(
    [
      node('Relu', ['x'], ['a'], {}),
      node('Conv', ['a', 'w'], ['b'], { pads: [1, 1, 1, 1] }),
      node('Concat', ['a', 'b'], ['c'], { axis: 1 }),
      node('Conv', ['c', 'v'], ['y'], { pads: [1, 1, 1, 1] }),
    ],
    [ones('w', [4, 4, 3, 3]), ones('v', [4, 8, 3, 3])],
  );
  expect(kinds(operations)).toEqual(['map', 'convolution', 'join', 'convolution']);
});

test('a picture that meets a constant picture does so in a kernel of its own: the camera reads no tensors', async () => {
  const { plan: made } = await readLook(
    model(
      graphOf({
        nodes: [
          node('Add', ['image', 'c'], ['a'], {}),
          node('Conv', ['a', 'w'], ['painting'], { pads: [1, 1, 1, 1] }),
        ],
        constants: [ones('c', [1, 3, 8, 8]), ones('w', [3, 3, 3, 3])],
        inputs: [value('image', [1, 3, 8, 8])],
        outputs: [value('painting', [1, 3, 8, 8])],
      }),
    ),
  );
  expect(kinds(made.operations)).toEqual(['source', 'map', 'convolution']);
  expect(made.operations[0]?.inputs).toEqual([]);
});

test('a constant that several operations read lies in one buffer', async () => {
  const { operations, buffers } = await plan(
    [
      node('Add', ['x', 'c'], ['a'], {}),
      node('Conv', ['a', 'w'], ['b'], { pads: [1, 1, 1, 1] }),
      node('Mul', ['b', 'c'], ['y'], {}),
    ],
    [ones('c', [1, 4, 8, 8]), ones('w', [4, 4, 3, 3])],
  );
  const constants = operations.flatMap(({ inputs }) => inputs.filter(tensor => tensor.constant));
  expect(constants).toHaveLength(2);
  expect(new Set(constants).size).toBe(1);
  expect(buffers.length).toBeLessThanOrEqual(4);
});

test('a 4x4 transposed convolution of stride 2 reads two rows per phase', async () => {
  expect(transposedAxis(4, 2, 1, 1).phases).toEqual([
    { first: 1, count: 2, start: 0 },
    { first: 0, count: 2, start: 1 },
  ]);
});

test('phases give every product of a transposed convolution once', async () => {
  for (const [kernel, stride, dilation, before] of [
    [4, 2, 1, 1],
    [3, 2, 1, 0],
    [3, 1, 2, 1],
    [3, 2, 2, 0],
    [2, 3, 1, 1],
    [5, 4, 6, 2],
  ] as const) {
    const axis = transposedAxis(kernel, stride, dilation, before);
    const size = 5;
    const expected = new Set<string>();
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < kernel; k++) expected.add(`${i * stride + k * dilation - before} ${i} ${k}`);
    }
    const made: string[] = [];
    const outputs = Math.ceil((stride * (size - 1) + (kernel - 1) * dilation + 1) / stride) + before + 1;
    for (let base = -before; base < outputs; base++) {
      axis.phases.forEach(({ first, count, start }, phase) => {
        for (let j = 0; j < count; j++) {
          const input = base * axis.inputStride + start + j * axis.inputStep;
          if (input < 0 || input >= size) continue;
          made.push(`${base * stride + phase} ${input} ${first + j * axis.kernelStep}`);
        }
      });
    }
    expect(new Set(made)).toEqual(expected);
    expect(made).toHaveLength(expected.size);
  }
});
