// The passes over graphs: which operations they leave, and what they fuse.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readLook } from '../../engine/index.ts';
import { readGraph, readModel } from '../../engine/look.ts';
import { CACHE } from '../cases.ts';
import { graphOf, int64Tensor, model, node, tensor, value } from '../onnx.ts';
import { kinds, picture, plan } from '../plans.ts';

const ones = (name: string, dims: number[]) => {
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor(name, dims, new Float32Array(size).fill(1));
};

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

test('an unused result is not computed', async () => {
  const { operations } = await plan([node('Exp', ['x'], ['unused'], {}), node('Relu', ['x'], ['y'], {})], []);
  expect(operations).toHaveLength(1);
});

test('a concatenation of a tensor with a tensor computed from it stays a copy', async () => {
  const { operations } = await plan(
    [
      node('Relu', ['x'], ['a'], {}),
      node('Conv', ['a', 'w'], ['b'], { pads: [1, 1, 1, 1] }),
      node('Concat', ['a', 'b'], ['c'], { axis: 1 }),
      node('Conv', ['c', 'v'], ['y'], { pads: [1, 1, 1, 1] }),
    ],
    [ones('w', [4, 4, 3, 3]), ones('v', [4, 8, 3, 3])],
  );
  expect(kinds(operations)).toEqual(['elementwise', 'convolution', 'concat', 'convolution']);
});

test.each([
  [3, 9, ['concat', 'concat', 'concat']],
  [3, 8, ['concat', 'concat']],
  [3, 60, [...Array(9).fill('concat'), 'concat', 'concat', 'concat']],
  [3, 7, ['concat']],
  [4, 60, []],
])(
  'with %i channels each, %i tensors are concatenated in groups that a kernel can read',
  async (channels, count, joins) => {
    const parts = Array.from({ length: count }, (_, i) => `p${i}`);
    const weights = tensor('w', [channels, 4, 3, 3], new Float32Array(channels * 36));
    const nodes = [
      ...parts.map(part => node('Conv', ['x', 'w'], [part], { pads: [1, 1, 1, 1] })),
      node('Concat', parts, ['all'], { axis: 1 }),
      node('MaxPool', ['all'], ['y'], { kernel_shape: [2, 2] }),
    ];
    const file = { constants: [weights], inputs: [picture], outputs: [value('y', [])] };
    const { operations, outputs } = await readGraph(model(graphOf({ nodes, ...file })));
    expect(outputs.map(({ dims }) => dims)).toEqual([[1, channels * count, 7, 7]]);
    expect(kinds(operations)).toEqual([...parts.map(() => 'convolution'), ...joins, 'maxPool']);
    for (const { inputs } of operations) expect(inputs.length).toBeLessThanOrEqual(7);
  },
);

test('a sum of many tensors is computed in groups that a kernel can read', async () => {
  const parts = Array.from({ length: 40 }, (_, i) => `p${i}`);
  const nodes = [
    ...parts.map(part => node('MaxPool', ['x'], [part], { kernel_shape: [1, 1] })),
    node('Mean', parts, ['y'], {}),
  ];
  const { operations } = await readGraph(
    model(graphOf({ nodes, inputs: [picture], outputs: [value('y', [])] })),
  );
  expect(kinds(operations).filter(kind => kind === 'elementwise')).toHaveLength(8);
  for (const { inputs } of operations) expect(inputs.length).toBeLessThanOrEqual(6);
});

test('a picture plus a constant picture is a separate kernel, because the frame input cannot read tensors', async () => {
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
  expect(kinds(made.operations)).toEqual(['frameInput', 'elementwise', 'convolution']);
  expect(made.operations[0]?.inputs).toEqual([]);
});

test('a constant that several operations read is stored once', async () => {
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

test('computed sizes are exact integers and need no operations', async () => {
  const nodes = [
    node('Shape', ['x'], ['size'], {}),
    node('Gather', ['size', 'places'], ['sides'], {}),
    node('Mul', ['sides', 'large'], ['grown'], {}),
    node('Div', ['grown', 'large'], ['back'], {}),
    node('Concat', ['first', 'back'], ['target'], { axis: 0 }),
    node('Reshape', ['x', 'target'], ['y'], {}),
  ];
  const constants = [
    int64Tensor('places', 3, 2),
    int64Tensor('large', 2 ** 30 + 1),
    int64Tensor('first', 1, 4),
  ];
  const { operations, outputs } = await plan(nodes, constants);
  expect(outputs[0]?.dims).toEqual([1, 4, 8, 8]);
  expect(kinds(operations)).toEqual(['elementwise']);
});

test('a classifier becomes few operations', async () => {
  const { plan: made } = await readModel(new Uint8Array(readFileSync(`${CACHE}/classifier.onnx`)));
  // The last layers, and the four steps of Softmax.
  expect(kinds(made.operations).slice(-9)).toEqual([
    ...['convolution', 'reduce', 'convolution', 'convolution', 'movement'],
    ...['reduce', 'elementwise', 'reduce', 'elementwise'],
  ]);
});
