// Small files with huge demands: each is refused quickly, with an error that names the node.

import { expect, test, vi } from 'vitest';
import { EngineError, readLook, readModel } from '../../engine/index.ts';
import { readGraph } from '../../engine/look.ts';
import { graphOf, int64Tensor, model, node, tensor, text, value } from '../onnx.ts';

/** Milliseconds before a refusal counts as too slow, on a busy machine. Without the checks these files took ten times
 * as long. */
const MAX_MS = 15_000;
vi.setConfig({ testTimeout: 60_000 });

interface Parts {
  size?: number[];
  constants?: Uint8Array[];
  painting?: number[];
  extra?: number[][];
}

function file(nodes: number[][], { size = [8, 8], constants = [], painting = size, extra = [] }: Parts = {}) {
  const image = value('image', [1, 3, ...size]);
  const out = value('painting', [1, 3, ...painting]);
  return model(graphOf({ nodes, constants, inputs: [image, ...extra], outputs: [out] }));
}

async function refusal(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => Promise<unknown> = readLook,
): Promise<string> {
  const began = performance.now();
  try {
    await read(bytes);
  } catch (error) {
    expect(performance.now() - began).toBeLessThan(MAX_MS);
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  return 'read';
}

const relu = node('Relu', ['image'], ['painting'], {});
const zeros = (name: string, ...dims: number[]) =>
  tensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));

test('average pooling over huge windows is refused', async () => {
  const attributes = { kernel_shape: [2048, 1] };
  const pool = (dilation: number) =>
    model(
      graphOf({
        nodes: [node('AveragePool', ['x'], ['y'], { ...attributes, dilations: [dilation, 1] })],
        inputs: [value('x', [1, 3, 16384, 1])],
        outputs: [value('y', [1, 3, 1, 1])],
      }),
    );
  expect(await refusal(pool(1), readGraph)).toContain(
    "Node 'y' (op AveragePool) needs a matrix of 14337 x 2048 weights",
  );
  const dilated = { kernel_shape: [2, 1], dilations: [4096, 1] };
  const wide = node('AveragePool', ['x'], ['y'], dilated);
  const io = { inputs: [value('x', [1, 3, 16384, 1])], outputs: [value('y', [1, 3, 1, 1])] };
  expect(await refusal(model(graphOf({ nodes: [wide], ...io })), readGraph)).toContain('x 4097 weights');
});

test('too many products with a large matrix are refused', async () => {
  const nodes = Array.from({ length: 100 }, (_, i) =>
    node('MatMul', [i ? `m${i}` : 'image', 'w'], [i === 99 ? 'painting' : `m${i + 1}`], {}),
  );
  const bytes = file(nodes, { size: [512, 512], constants: [zeros('w', 512, 512)] });
  expect(await refusal(bytes)).toMatch(/^Node 'm\d+' \(op MatMul\) .*allows \d+ for its size\.$/);
});

test('a long chain of transposed constants is refused', async () => {
  const turns = (count: number) => {
    const nodes = Array.from({ length: count }, (_, i) =>
      node('Transpose', [i ? `t${i}` : 'w'], [`t${i + 1}`], { perm: [1, 0] }),
    );
    return file([...nodes, relu], { constants: [zeros('w', 256, 256)] });
  };
  expect(await refusal(turns(10))).toBe('read');
  expect(await refusal(turns(400))).toMatch(
    /^Node 't\d+' \(op Transpose\) cannot be run: The model's constants/,
  );
});

test('a shape input with too many numbers is refused', async () => {
  const constants = [zeros('w', 64, 64)];
  expect(await refusal(file([node('Reshape', ['image', 'w'], ['painting'], {})], { constants }))).toContain(
    'takes 4096 numbers from its input 1',
  );
});

test('too many pixels, too much memory and too many multiply-adds are refused', async () => {
  expect(await refusal(file([relu], { size: [60000, 60000] }))).toContain('up to 4096 pixels');
  const grown = node('Resize', ['image', '', 's'], ['a'], {});
  const back = node('Resize', ['a', '', 'r'], ['painting'], {});
  const scale = (name: string, by: number) => tensor(name, [4], Float32Array.of(1, 1, by, by));
  const constants = [scale('s', 8), scale('r', 0.125)];
  expect(await refusal(file([grown, back], { size: [1024, 1024], constants }))).toContain(
    "Node 'a' makes 8192 x 8192 values",
  );
  const wide = node('Conv', ['image', 'w'], ['wide'], { pads: [1, 1, 1, 1] });
  const narrow = node('Conv', ['wide', 'v'], ['painting'], { pads: [1, 1, 1, 1] });
  const channels = (count: number) => [zeros('w', count, 3, 3, 3), zeros('v', 3, count, 3, 3)];
  const heavy = file([wide, narrow], { size: [4096, 4096], constants: channels(16) });
  expect(await refusal(heavy)).toMatch(/needs \d+ bytes on the GPU, most of them for node 'wide'/);
  const slow = Array.from({ length: 12 }, (_, i) =>
    node('Conv', [i ? `c${i}` : 'wide', 'u'], [`c${i + 1}`], { pads: [4, 4, 4, 4] }),
  );
  const last = node('Conv', ['c12', 'v'], ['painting'], { pads: [1, 1, 1, 1] });
  const busy = file([wide, ...slow, last], {
    size: [1024, 1024],
    constants: [...channels(32), zeros('u', 32, 32, 9, 9)],
  });
  expect(await refusal(busy)).toMatch(/multiply-adds a frame, most of them in node 'c1'/);
});

test('tensors that are no pictures may have long sides', async () => {
  const shape = [1, 3, 128, 128];
  const nodes = [
    node('Reshape', ['image', 'flat'], ['long'], {}),
    node('Softmax', ['long'], ['likely'], { axis: 2 }),
    node('Reshape', ['likely', 'square'], ['painting'], {}),
  ];
  const constants = [int64Tensor('flat', 1, -1, 2), int64Tensor('square', ...shape)];
  const { plan } = await readLook(file(nodes, { size: [128, 128], constants }));
  expect(Math.max(...plan.operations.map(({ output }) => output.shape[2]))).toBe(24576);
  const wide = graphOf({
    nodes: [node('Relu', ['x'], ['y'], {})],
    inputs: [value('x', [1, 8192, 2100])],
    outputs: [value('y', [1, 8192, 2100])],
  });
  expect((await readModel(model(wide))).plan.outputs[0]?.dims).toEqual([1, 8192, 2100]);
});

test('a shared initializer counts once, in memory and on the GPU', async () => {
  const nodes = Array.from({ length: 40 }, (_, i) =>
    node('Conv', [i ? `c${i}` : 'wide', 'u'], [`c${i + 1}`], { pads: [1, 1, 1, 1] }),
  );
  const wide = node('Conv', ['image', 'w'], ['wide'], { pads: [1, 1, 1, 1] });
  const last = node('Conv', ['c40', 'v'], ['painting'], { pads: [1, 1, 1, 1] });
  const constants = [zeros('w', 64, 3, 3, 3), zeros('u', 64, 64, 3, 3), zeros('v', 3, 64, 3, 3)];
  const { plan } = await readLook(file([wide, ...nodes, last], { constants }));
  const weights = plan.operations.flatMap(one => (one.kind === 'convolution' ? [one.weights.bytes] : []));
  expect(weights).toHaveLength(42);
  expect(new Set(weights).size).toBe(3);
});

test('a look must have a float32 input and an output and a guide of the same size', async () => {
  expect(await refusal(file([relu], { size: [8, 5000] }))).toContain('takes up to 4096 pixels a side');
  const half = node('MaxPool', ['image'], ['painting'], { kernel_shape: [2, 2], strides: [2, 2] });
  expect(await refusal(file([half], { painting: [4, 4] }))).toContain('this one paints 1 x 3 x 4 x 4');
  const typed = (name: string, type: number) => {
    const shape = [1, 3, 8, 8].flatMap(dim => [10, 2, 8, dim]);
    return [
      ...text(1, name),
      18,
      shape.length + 6,
      10,
      shape.length + 4,
      8,
      type,
      18,
      shape.length,
      ...shape,
    ];
  };
  const typedFile = (input: number, output: number) =>
    model(graphOf({ nodes: [relu], inputs: [typed('image', input)], outputs: [typed('painting', output)] }));
  expect(await refusal(typedFile(1, 1))).toBe('read');
  expect(await refusal(typedFile(10, 1))).toContain("'image' of this model is not of float32");
  expect(await refusal(typedFile(1, 10))).toContain("'painting' of this model is not of float32");
  const guide = node('Sum', ['image'], ['guide'], {});
  const outputs = [value('painting', [1, 3, 8, 8]), value('guide', [1, 3, 8, 8])];
  const inputs = [value('image', [1, 3, 8, 8])];
  expect(await refusal(model(graphOf({ nodes: [relu, guide], inputs, outputs })))).toBe('read');
  const small = node('MaxPool', ['image'], ['guide'], { kernel_shape: [2, 2], strides: [2, 2] });
  expect(await refusal(model(graphOf({ nodes: [relu, small], inputs, outputs })))).toContain('is its guide');
});

test('a look without metadata has an empty name and no live inputs', async () => {
  expect((await readLook(file([relu]))).info).toMatchObject({ name: '', pixels: 8, live: {} });
});

test('a live input may have the name of an object property, except __proto__', async () => {
  const scaled = (name: string) => [node('Mul', ['image', name], ['painting'], {})];
  const { info } = await readLook(file(scaled('constructor'), { extra: [value('constructor', [])] }));
  expect(Object.keys(info.live)).toEqual(['constructor']);
  expect('toString' in info.live).toBe(false);
  const bytes = file(scaled('__proto__'), { extra: [value('__proto__', [])] });
  expect(await refusal(bytes)).toContain("The live input '__proto__' needs another name");
});

test.each<[string, Parameters<typeof node>[3], Record<string, number[]>, string]>([
  ['Pad', { pads: [0, 0, 1, 1] }, {}, 'has 4 pads for 4 axes'],
  ['Pad', {}, { pads: [1, 1], '': [], axes: [9] }, 'has axis 9 for 4 dimensions'],
  ['Pad', { mode: 'reflect', pads: [0, 0, 8, 0, 0, 0, 0, 0] }, {}, 'reflects [0, 0, 8, 0, 0, 0, 0, 0]'],
  ['Slice', {}, { from: [0], to: [1], axes: [7] }, 'has axis 7 for 4 dimensions'],
  ['Slice', {}, { from: [0, 0], to: [1], axes: [1] }, 'has 2, 1, 2 starts, ends and steps for 1 axes'],
  ['Slice', {}, { from: [0, 0], to: [1, 1], axes: [1, -3] }, 'names an axis twice'],
  ['Split', { axis: 4 }, {}, 'has axis 4 for 4 dimensions'],
  ['Split', {}, { parts: [1, 2] }, 'has parts [1, 2] for 1 outputs'],
  ['Squeeze', {}, { axes: [-5] }, 'has axis -5 for 4 dimensions'],
  ['Unsqueeze', {}, { axes: [0, 1, 2, 3, 4] }, "cannot be run: Tensor 'painting' has 9 dimensions"],
  ['Flatten', { axis: 5 }, {}, 'has axis 5 for 4 dimensions'],
  ['Concat', { axis: -5 }, {}, 'has axis -5 for 4 dimensions'],
  ['Upsample', {}, { scales: [1, 2] }, 'has 2 scales or sizes for 4 axes'],
  ['MaxPool', { kernel_shape: [2, 2], pads: [1, 1] }, {}, 'has the impossible pads [1, 1]'],
])('%s with %o and %o is refused, with the name of the node', async (op, attributes, given, sentence) => {
  const constants = Object.entries(given).flatMap(([name, values]) =>
    name ? [int64Tensor(name, ...values)] : [],
  );
  const bytes = file([node(op, ['image', ...Object.keys(given)], ['painting'], attributes)], { constants });
  expect(await refusal(bytes)).toContain(`Node 'painting' (op ${op}) ${sentence}`);
});

test.each(['Add', 'Relu', 'Where'])('%s of more tensors than a kernel can read is refused', async op => {
  const fileWith = (count: number) => {
    const parts = Array.from({ length: count }, (_, i) => `p${i}`);
    return file([
      ...parts.map(name => node('Exp', ['image'], [name], {})),
      node(op, parts, ['all'], {}),
      node('Relu', ['all'], ['painting'], {}),
    ]);
  };
  expect(await refusal(fileWith(6))).toBe('read');
  expect(await refusal(fileWith(7))).toContain(
    "Node 'all' reads 7 tensors at once; the engine supports up to 6",
  );
  expect(await refusal(fileWith(9))).toContain(
    "Node 'all' reads 9 tensors at once; the engine supports up to 6",
  );
});

test('concatenations of more tensors than a kernel can read are split', async () => {
  const joined = (count: number) => {
    const parts = Array.from({ length: count }, (_, i) => `p${i}`);
    const nodes = parts.map(name => node('Exp', ['image'], [name], {}));
    const all = node('Concat', parts, ['all'], { axis: 1 });
    const few = node('Slice', ['all', 'from', 'to', 'axis'], ['painting'], {});
    return file([...nodes, all, few], {
      constants: [int64Tensor('from', 0), int64Tensor('to', 3), int64Tensor('axis', 1)],
    });
  };
  for (const [count, kernels] of [
    [7, 1],
    [8, 2],
    [50, 9],
  ] as const) {
    const { plan } = await readLook(joined(count));
    const concats = plan.operations.filter(({ kind }) => kind === 'concat');
    expect(concats).toHaveLength(kernels);
    for (const { inputs } of concats) expect(inputs.length).toBeLessThan(8);
  }
});

test.each<[string, Parameters<typeof node>[3], Record<string, number[]>, string]>([
  ['Gather', { axis: 1 }, { places: [3] }, 'gathers [3] of 3'],
  ['Gather', { axis: 4 }, { places: [0] }, 'has axis 4 for 4 dimensions'],
  ['ReduceMax', {}, { axes: [1, -3] }, 'names an axis twice'],
  ['Softmax', { axis: 9 }, {}, 'has axis 9 for 4 dimensions'],
  ['LpPool', { kernel_shape: [2, 2], p: 0 }, {}, 'has p = 0'],
  ['AveragePool', {}, {}, 'has no kernel_shape'],
  ['AveragePool', { kernel_shape: [2] }, {}, "has 'kernel_shape' for 1 dimensions and not for 2"],
  ['LRN', { size: 0 }, {}, 'or a size of 0'],
  ['DepthToSpace', { blocksize: 2 }, {}, 'cannot split 3 channels by 2'],
  ['SpaceToDepth', { blocksize: 3 }, {}, 'cannot split 8 x 8 by 3'],
  ['Expand', {}, { target: [1, 2, 8, 8] }, 'which do not fit'],
  ['GroupNormalization', { num_groups: 2 }, { s: [1, 1], t: [0, 0] }, 'cannot make 2 groups of 3 channels'],
  ['InstanceNormalization', {}, { s: [1], t: [0] }, 'needs a scale and a shift for each of 3 channels'],
  ['QuantizeLinear', {}, { s: [1], z: [1] }, 'quantises to int64'],
  ['Resize', { keep_aspect_ratio_policy: 'other' }, { '': [], sizes: [4, 4, 4, 4] }, 'unknown policy'],
  ['Cast', { to: 7 }, {}, 'casts to int64'],
])(
  '%s with %o and %o is refused, with the name of the node, by lowerings that are loaded on demand',
  async (op, attributes, given, sentence) => {
    const constants = Object.entries(given).flatMap(([name, values]) =>
      name ? [int64Tensor(name, ...values)] : [],
    );
    const bytes = file([node(op, ['image', ...Object.keys(given)], ['painting'], attributes)], { constants });
    const message = await refusal(bytes);
    expect(message).toContain(`Node 'painting' (op ${op}) `);
    expect(message).toContain(sentence);
  },
);

test('impossible computed sizes are refused', async () => {
  const reshaped = (nodes: number[][], constants: Uint8Array[]) =>
    refusal(file([...nodes, node('Reshape', ['image', 'target'], ['painting'], {})], { constants }));
  const product = node('Mul', ['a', 'a'], ['target'], {});
  // 2^80 as an int64 is 0, which means the size of the input's axis.
  expect(await reshaped([product], [int64Tensor('a', 2 ** 40)])).toContain(
    'cannot give [1, 3, 8, 8] the shape [1]',
  );
  const filled = node('ConstantOfShape', ['a'], ['target'], {});
  expect(await reshaped([filled], [int64Tensor('a', 2 ** 40)])).toContain("The model's constants take");
  const counted = node('Range', ['a', 'b', 'c'], ['target'], {});
  const range = [int64Tensor('a', 0), int64Tensor('b', 2 ** 40), int64Tensor('c', 1)];
  expect(await reshaped([counted], range)).toContain('makes 1099511627776 numbers');
  expect(
    await reshaped([counted], [int64Tensor('a', 0), int64Tensor('b', 4), int64Tensor('c', 0)]),
  ).toContain('makes Infinity');
});

test('constants that double by concatenation with themselves are refused', async () => {
  const nodes = Array.from({ length: 30 }, (_, i) =>
    node('Concat', [`c${i}`, `c${i}`], [`c${i + 1}`], { axis: 0 }),
  );
  const bytes = file([...nodes, relu], { constants: [zeros('c0', 64, 64)] });
  expect(await refusal(bytes)).toMatch(
    /^Node 'c\d+' \(op Concat\) cannot be run: The model's constants take/,
  );
});

test('constants that do not broadcast are refused, instead of being read beyond their end', async () => {
  const constants = [zeros('w', 8, 3), zeros('c', 5), zeros('s', 7)];
  const flat = node('Flatten', ['x'], ['f'], {});
  const gemm = node('Gemm', ['f', 'w', 'c'], ['y'], {});
  const layer = node('LayerNormalization', ['x', 's'], ['y'], {});
  const io = { inputs: [value('x', [1, 8])], outputs: [value('y', [1, 3])] };
  expect(await refusal(model(graphOf({ nodes: [flat, gemm], constants, ...io })), readGraph)).toContain(
    'which do not fit',
  );
  expect(await refusal(model(graphOf({ nodes: [layer], constants, ...io })), readGraph)).toContain(
    'which do not fit',
  );
});

test('only the last three axes of five can be padded', async () => {
  const pad = (...pads: number[]) =>
    model(
      graphOf({
        nodes: [node('Pad', ['x', 'p'], ['y'], {})],
        constants: [int64Tensor('p', ...pads)],
        inputs: [value('x', [2, 2, 3, 4, 4])],
        outputs: [value('y', [])],
      }),
    );
  expect(await refusal(pad(0, 1, 0, 0, 0, 0, 0, 0, 0, 0), readGraph)).toContain(
    'other than the last three of 5',
  );
  expect(await refusal(pad(0, 0, 0, 0, 0, 0, 1, 0, 0, 0), readGraph)).toContain(
    'other than the last three of 5',
  );
  expect(await refusal(pad(0, 0, 1, 1, 1, 0, 0, 1, 1, 1), readGraph)).toBe('read');
});

test('an attribute of a wrong type is refused, instead of being ignored', async () => {
  const leaky = node('LeakyRelu', ['image'], ['painting'], { alpha: 'steep' });
  expect(await refusal(file([leaky]))).toContain("has 'alpha' as string, but it must be float");
});

test('the error for an opset before 7 says that the model must be converted', async () => {
  const bytes = file([relu]);
  // Files of these tests have opset 21.
  const at = bytes.findIndex((byte, i) => byte === 16 && bytes[i + 1] === 21);
  const old = bytes.slice();
  old[at + 1] = 6;
  expect(await refusal(old)).toContain('convert the model to opset 7 or later');
  old[at + 1] = 7;
  expect(await refusal(old)).toBe('read');
});

test('QuantizeLinear with a wrong number of scales is refused', async () => {
  const quantise = (scales: number, attributes = {}) => {
    const constants = [zeros('w', 4, 4), zeros('s', scales)];
    return file([node('QuantizeLinear', ['w', 's'], ['q'], { axis: 0, ...attributes }), relu], { constants });
  };
  expect(await refusal(quantise(4))).toBe('read');
  expect(await refusal(quantise(2))).toContain('has 2 scales, which do not fit its axis 0');
  expect(await refusal(quantise(4, { block_size: 2 }))).toContain('in blocks');
});
