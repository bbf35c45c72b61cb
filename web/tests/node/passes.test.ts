// The passes over graphs: which operations they leave, and what they fuse.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ViewAddress, viewAddress } from '../../engine/codegen/view-address.ts';
import { multiplyAdds } from '../../engine/graph/ir/cost.ts';
import type { Convolution, Operation } from '../../engine/graph/ir/operation.ts';
import { paddedLength } from '../../engine/graph/ir/tensor.ts';
import { transposedAxis } from '../../engine/graph/lowering/conv-axis.ts';
import { readLook } from '../../engine/index.ts';
import { readGraph, readModel } from '../../engine/look.ts';
import { CACHE } from '../cases.ts';
import { graphOf, int64Tensor, model, node, tensor, value } from '../onnx.ts';

const planOf = async (name: string) =>
  (await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;
const networkOf = async (name: string) =>
  (await readModel(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;
const kinds = (operations: readonly Operation[]) => operations.map(({ kind }) => kind);
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

test('a 4x4 transposed convolution of stride 2 reads two rows per phase', async () => {
  expect(transposedAxis(4, 2, 1, 1).phases).toEqual([
    { first: 1, count: 2, start: 0 },
    { first: 0, count: 2, start: 1 },
  ]);
});

test('the phases of a transposed convolution contain every product once', async () => {
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

test('a channel shuffle over five dimensions is one view', async () => {
  const { operations } = await plan(
    [
      node('Reshape', ['x', 'five'], ['a'], {}),
      node('Transpose', ['a'], ['b'], { perm: [0, 2, 1, 3, 4] }),
      node('Reshape', ['b', 'four'], ['c'], {}),
      node('Relu', ['c'], ['y'], {}),
    ],
    [int64Tensor('five', 1, 2, 2, 8, 8), int64Tensor('four', 1, 4, 8, 8)],
  );
  expect(kinds(operations)).toEqual(['movement']);
  const [shuffle] = operations;
  if (shuffle?.kind !== 'movement' || shuffle.map.kind !== 'view') throw new Error('no view');
  expect(viewAddress(shuffle.map, [1, 4, 8, 8], [1, 4, 8, 8])).toEqual({
    index: null,
    offset: null,
    at: ['0', '(o.y / 2) + (o.y % 2) * 2', 'o.z', 'o.w'],
  });
});

test('a reshape and its inverse cancel out', async () => {
  const { operations } = await plan(
    [
      node('Relu', ['x'], ['a'], {}),
      node('Flatten', ['a'], ['b'], {}),
      node('Reshape', ['b', 'four'], ['c'], {}),
      node('Exp', ['c'], ['y'], {}),
    ],
    [int64Tensor('four', 1, 4, 8, 8)],
  );
  expect(kinds(operations)).toEqual(['elementwise']);
});

test('a reshape that is also an output is kept', async () => {
  const nodes = [node('Reshape', ['x', 'two'], ['y'], {}), node('Transpose', ['y'], ['z'], { perm: [1, 0] })];
  const outputs = [value('y', [4, 64]), value('z', [64, 4])];
  const bytes = model(graphOf({ nodes, constants: [int64Tensor('two', 4, 64)], inputs: [picture], outputs }));
  const { operations } = await readGraph(bytes);
  expect(kinds(operations)).toEqual(['movement', 'movement']);
  expect(operations[1]?.inputs[0]?.name).toBe('x');
});

test('view addresses agree with counting through all elements', () => {
  const shapes = [
    { view: { dims: [2, 3, 4], strides: [1, 2, 6], start: 0 }, from: [1, 4, 3, 2], to: [1, 2, 3, 4] },
    { view: { dims: [3, 5, 2], strides: [10, -1, 5], start: 4 }, from: [1, 3, 2, 5], to: [1, 1, 15, 2] },
    { view: { dims: [7], strides: [4], start: 1 }, from: [1, 5, 2, 3], to: [1, 1, 1, 7] },
    { view: { dims: [2, 3, 2, 2], strides: [6, 1, 0, 3], start: 0 }, from: [2, 1, 2, 3], to: [1, 4, 3, 2] },
  ] as const;
  for (const { view, from, to } of shapes) {
    const address = viewAddress(view, from, to);
    const [, c, h, w] = to;
    const strides = [c * h * w, h * w, w, 1];
    for (let element = 0; element < view.dims.reduce((a, b) => a * b, 1); element++) {
      let rest = element;
      let expected: number = view.start;
      for (let i = view.dims.length - 1; i >= 0; i--) {
        expected += (rest % (view.dims[i] ?? 1)) * (view.strides[i] ?? 0);
        rest = Math.floor(rest / (view.dims[i] ?? 1));
      }
      const at = to.map((size, axis) => Math.floor(element / (strides[axis] ?? 1)) % size);
      const [x, y, z, i] = address.at.map(text => integerValue(text, at, address));
      const [, c2, h2, w2] = from;
      expect((((x ?? 0) * c2 + (y ?? 0)) * h2 + (z ?? 0)) * w2 + (i ?? 0)).toBe(expected);
    }
  }
});

/** Evaluates an address as a shader does: with integers, whose quotients are truncated. */
function integerValue(text: string, at: readonly number[], address: ViewAddress): number {
  const named = text
    .replace(/\boffset\b/g, () => `(${address.offset})`)
    .replace(/\bindex\b/g, () => `(${address.index})`)
    .replace(/o\.([xyzw])/g, (_, letter) => String(at['xyzw'.indexOf(letter)]));
  const tokens = named.match(/\d+|[-+*/%()]/g) ?? [];
  const primary = (): number => {
    const token = tokens.shift();
    if (token === '-') return -primary();
    if (token !== '(') return Number(token);
    const inner = sum();
    tokens.shift();
    return inner;
  };
  const product = (): number => {
    let left = primary();
    while (tokens[0] === '*' || tokens[0] === '/' || tokens[0] === '%') {
      const operator = tokens.shift();
      const right = primary();
      left = operator === '*' ? left * right : operator === '/' ? Math.trunc(left / right) : left % right;
    }
    return left;
  };
  const sum = (): number => {
    let left = product();
    while (tokens[0] === '+') {
      tokens.shift();
      left += product();
    }
    return left;
  };
  return sum();
}

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
  // Two layers around an activation that needs a copy, and the four steps of Softmax.
  expect(kinds(made.operations).slice(-11)).toEqual([
    ...['convolution', 'reduce', 'convolution', 'movement', 'movement', 'convolution', 'movement'],
    ...['reduce', 'elementwise', 'reduce', 'elementwise'],
  ]);
});

test('arithmetic on sizes in an export of torch with open sizes is folded completely', async () => {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/from-torch.onnx`));
  const { plan: made } = await readModel(bytes, { dims: { height: 24, width: 40 } });
  expect(made.operations.length).toBeLessThanOrEqual(23);
  await expect(readModel(bytes, { dims: { height: 24 } })).rejects.toThrow(
    "The model's input 'image' leaves its dimension 'width' open (batch x 3 x height x width)",
  );
  await expect(readModel(bytes, { dims: { height: 24, width: 0.5 } })).rejects.toThrow(
    "The size 'width' is given as 0.5",
  );
});
