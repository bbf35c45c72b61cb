// Constant folding at load: exactness, refusals, and the cost of hostile sizes.

import { expect, test } from 'vitest';
import { EngineError } from '../../engine/error.ts';
import { readGraph } from '../../engine/look.ts';
import { readConstant } from '../../engine/onnx/constant.ts';
import { allocated } from '../allocations.ts';
import { graphOf, int64Tensor, message, model, node, tensor, text, value, varint } from '../onnx.ts';

/** The constant that a graph with the output `y` folds to, or the error message. */
async function fold(nodes: number[][], constants: Uint8Array[] = []): Promise<number[] | string> {
  // A constant output is copied from a constant tensor by a movement operation.
  const bytes = model(graphOf({ nodes, constants, inputs: [value('x', [1, 1])], outputs: [value('y', [])] }));
  try {
    const { operations } = await readGraph(bytes);
    return operations.flatMap(({ inputs }) => inputs.flatMap(({ constant }) => Array.from(constant ?? [])));
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

const raw = (name: string, type: number, dims: number[], bytes: Uint8Array) =>
  Uint8Array.from([
    ...dims.flatMap(dim => varint(1, dim)),
    ...varint(2, type),
    ...text(8, name),
    ...message(9, bytes),
  ]);

test('an empty sum is 0, an empty product is 1, and the maximum and minimum of an empty tensor are refused', async () => {
  const reduceEmpty = (op: string) =>
    fold(
      [node(op, ['e'], ['r'], { keepdims: 1 }), node('Expand', ['r', 'n'], ['y'], {})],
      [int64Tensor('e'), int64Tensor('n', 2)],
    );
  expect(await reduceEmpty('ReduceSum')).toEqual([0, 0]);
  expect(await reduceEmpty('ReduceProd')).toEqual([1, 1]);
  expect(await reduceEmpty('ReduceMax')).toContain('reduces nothing, of which there is no max');
  expect(await reduceEmpty('ReduceMin')).toContain('reduces nothing, of which there is no min');
});

test('Range refuses inputs with more than one element', async () => {
  const zeros = raw('z', 7, [4096], new Uint8Array(8 * 4096));
  const range = node('Range', ['z', 'z', 'z'], ['y'], {});
  expect(await fold([range], [zeros])).toContain('needs one number as its input 0');
});

test('an end of 2^63 - 1, as exporters write it, slices to the end of the axis', async () => {
  const maximum = 2n ** 63n - 1n;
  const long = (n: bigint) => {
    const bytes: number[] = [];
    for (let rest = n; ; rest >>= 7n) {
      if (rest < 128n) return [...bytes, Number(rest)];
      bytes.push(Number(rest & 127n) | 128);
    }
  };
  const typed = Uint8Array.from([
    ...varint(1, 1),
    ...varint(2, 7),
    ...text(8, 'to'),
    7 * 8,
    ...long(maximum),
  ]);
  const stored = raw('to', 7, [1], new Uint8Array(BigInt64Array.of(maximum).buffer));
  expect(new BigInt64Array(readConstant(typed).bytes.slice().buffer)[0]).toBeGreaterThan(2n ** 52n);
  const numbers = tensor('w', [4], Float32Array.of(1, 2, 3, 4));
  for (const end of [typed, stored]) {
    const cut = node('Slice', ['w', 'from', 'to2'], ['y'], {});
    // Min computes the number again.
    const again = node('Min', ['to', 'to'], ['to2'], {});
    expect(await fold([again, cut], [numbers, end, int64Tensor('from', 1)])).toEqual([2, 3, 4]);
  }
});

test('ConstantOfShape with many 8-bit elements is fast', async () => {
  const size = 2 ** 22;
  const one = message(5, [
    ...text(1, 'value'),
    ...message(5, raw('v', 2, [1], Uint8Array.of(7))),
    ...varint(20, 4),
  ]);
  const fill = [...node('ConstantOfShape', ['n'], ['f'], {}), ...one];
  const cut = node('Slice', ['f', 'from', 'to'], ['c'], {});
  const cast = node('Cast', ['c'], ['y'], { to: 1 });
  const constants = [int64Tensor('n', size - 5), int64Tensor('from', size - 8), int64Tensor('to', size)];
  expect(await fold([fill, cut, cast], constants)).toEqual([7, 7, 7]);
});

test('Less gives integers, Where keeps the type of its inputs, and Mod has both sign rules', async () => {
  const [a, b] = [tensor('a', [2], Float32Array.of(0.5, 1.5)), tensor('b', [2], Float32Array.of(1, 1))];
  const chosen = node('Where', ['t', 'n', 'm'], ['c'], {});
  const shown = node('Cast', ['c'], ['y'], { to: 1 });
  const compared = node('Less', ['a', 'b'], ['t'], {});
  expect(
    await fold([compared, chosen, shown], [a, b, int64Tensor('n', 3, 4), int64Tensor('m', 5, 6)]),
  ).toEqual([3, 6]);
  const fractions = [a, b, int64Tensor('n', 3, 4), tensor('m', [2], Float32Array.of(5.5, 6.5))];
  expect(await fold([compared, node('Where', ['t', 'n', 'm'], ['y'], {})], fractions)).toEqual([3, 6.5]);
  const rest = (fmod: number) =>
    fold(
      [node('Mod', ['p', 'q'], ['r'], { fmod }), node('Cast', ['r'], ['y'], { to: 1 })],
      [int64Tensor('p', -7, 7), int64Tensor('q', 3, -3)],
    );
  expect(await rest(0)).toEqual([2, -2]);
  expect(await rest(1)).toEqual([-1, 1]);
});

/** A one-dimensional tensor of integers, stored as raw bytes. */
const stored = (name: string, type: number, array: ArrayBufferView, length: number) =>
  raw(name, type, [length], new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
const INT8 = 3;
const UINT8 = 2;
const INT32 = 6;
const INT64 = 7;
/** Casts a tensor to float32, as the output `y`. */
const castToOutput = (name: string) => node('Cast', [name], ['y'], { to: 1 });

test('integers overflow as their ONNX type does', async () => {
  const [high, low] = [2 ** 31 - 1, -(2 ** 31)];
  const a = stored('a', INT32, Int32Array.of(high, low, 65536), 3);
  const b = stored('b', INT32, Int32Array.of(1, 1, 65536), 3);
  expect(await fold([node('Add', ['a', 'b'], ['c'], {}), castToOutput('c')], [a, b])).toEqual([
    low,
    low,
    131072,
  ]);
  expect(await fold([node('Sub', ['a', 'b'], ['c'], {}), castToOutput('c')], [a, b])).toEqual(
    [high, high, 0].map(Math.fround),
  );
  expect(await fold([node('Mul', ['a', 'b'], ['c'], {}), castToOutput('c')], [a, b])).toEqual(
    [high, low, 0].map(Math.fround),
  );
  expect(await fold([node('ReduceSum', ['a'], ['c'], { keepdims: 1 }), castToOutput('c')], [a])).toEqual([
    65535,
  ]);
  const bytes = [stored('a', UINT8, Uint8Array.of(200), 1), stored('b', UINT8, Uint8Array.of(100), 1)];
  expect(await fold([node('Add', ['a', 'b'], ['c'], {}), castToOutput('c')], bytes)).toEqual([44]);
  const signed = [stored('a', INT8, Int8Array.of(-128), 1)];
  expect(await fold([node('Neg', ['a'], ['c'], {}), castToOutput('c')], signed)).toEqual([-128]);
  // A cast wraps as well: 2^32 + 5 as int32.
  const cast = node('Cast', ['a'], ['c'], { to: INT32 });
  expect(await fold([cast, castToOutput('c')], [int64Tensor('a', 2 ** 32 + 5)])).toEqual([5]);
});

test('integers beyond 2^53 are exact', async () => {
  const large = 2n ** 60n;
  const both = [
    stored('a', INT64, BigInt64Array.of(large, large + 1n, 2n ** 62n), 3),
    stored('b', INT64, BigInt64Array.of(large + 1n, large, 2n ** 62n), 3),
  ];
  expect(await fold([node('Less', ['a', 'b'], ['c'], {}), castToOutput('c')], both)).toEqual([1, 0, 0]);
  expect(await fold([node('Equal', ['a', 'b'], ['c'], {}), castToOutput('c')], both)).toEqual([0, 0, 1]);
  expect(await fold([node('Sub', ['b', 'a'], ['c'], {}), castToOutput('c')], both)).toEqual([1, -1, 0]);
  expect(await fold([node('Add', ['a', 'b'], ['c'], {}), castToOutput('c')], both)).toEqual([
    2 ** 61,
    2 ** 61,
    -(2 ** 63),
  ]);
  // The maximum of int64, stored and as an attribute. In a float it would equal 2^63.
  const end = stored('a', INT64, BigInt64Array.of(2n ** 63n - 1n), 1);
  const given = [
    ...node('Constant', [], ['b'], {}),
    ...message(5, [...text(1, 'value_int'), ...[3 * 8], ...Array(8).fill(255), 127, ...varint(20, 2)]),
  ];
  expect(await fold([given, node('Equal', ['a', 'b'], ['c'], {}), castToOutput('c')], [end])).toEqual([1]);
  // The same for numbers in a typed field.
  const long = (n: bigint) => {
    const out: number[] = [];
    for (let rest = n; ; rest >>= 7n) {
      if (rest < 128n) return [...out, Number(rest)];
      out.push(Number(rest & 127n) | 128);
    }
  };
  const field = (name: string, n: bigint) =>
    Uint8Array.from([...varint(1, 1), ...varint(2, INT64), ...text(8, name), 7 * 8, ...long(n)]);
  const typed = [field('a', large + 1n), field('b', large)];
  expect(await fold([node('Sub', ['a', 'b'], ['c'], {}), castToOutput('c')], typed)).toEqual([1]);
});

test('Div, Pow and reductions of integers give integers', async () => {
  const [a, b] = [int64Tensor('a', -7, 7, 2), int64Tensor('b', 2, -2, 3)];
  expect(await fold([node('Div', ['a', 'b'], ['c'], {}), castToOutput('c')], [a, b])).toEqual([-3, -3, 0]);
  expect(await fold([node('Pow', ['a', 'b'], ['c'], {}), castToOutput('c')], [a, b])).toEqual([49, 0, 8]);
  expect(
    await fold([node('Pow', ['b', 'd'], ['c'], {}), castToOutput('c')], [b, int64Tensor('d', 3)]),
  ).toEqual([8, -8, 27]);
  expect(
    await fold([node('Div', ['a', 'z'], ['c'], {}), castToOutput('c')], [a, int64Tensor('z', 0)]),
  ).toContain('by 0');
  const mean = node('ReduceMean', ['a'], ['c'], { keepdims: 1 });
  expect(await fold([mean, castToOutput('c')], [int64Tensor('a', 1, 2, 5)])).toEqual([2]);
  const [grid, axes] = [
    raw('a', INT64, [2, 3], new Uint8Array(BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n).buffer)),
    int64Tensor('n', 1),
  ];
  const rows = node('ReduceSum', ['a', 'n'], ['c'], { keepdims: 0 });
  expect(await fold([rows, castToOutput('c')], [grid, axes])).toEqual([6, 15]);
});

test('large constants are reduced along one axis', async () => {
  const values = Float32Array.from({ length: 2 * 600 * 4 }, (_, i) => Math.fround(1 + Math.sin(i) / 600));
  const column = (row: number, last: number) =>
    Array.from({ length: 600 }, (_, i) => values[(row * 600 + i) * 4 + last] ?? 0);
  const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
  const formulas: Record<string, (all: number[]) => number> = {
    ReduceSum: sum,
    ReduceMean: all => sum(all) / 600,
    ReduceMax: all => Math.max(...all),
    ReduceMin: all => Math.min(...all),
    ReduceProd: all => all.reduce((a, b) => a * b, 1),
    ReduceL1: all => sum(all.map(Math.abs)),
    ReduceL2: all => Math.sqrt(sum(all.map(x => x * x))),
    ReduceSumSquare: all => sum(all.map(x => x * x)),
    ReduceLogSum: all => Math.log(sum(all)),
    ReduceLogSumExp: all => Math.log(sum(all.map(Math.exp))),
  };
  for (const [op, formula] of Object.entries(formulas)) {
    const reduce = node(op, ['v', 'axes'], ['y'], { keepdims: 0 });
    const found = await fold([reduce], [tensor('v', [2, 600, 4], values), int64Tensor('axes', 1)]);
    const expected = [0, 1].flatMap(row => [0, 1, 2, 3].map(last => formula(column(row, last))));
    expect(found, op).toHaveLength(8);
    for (const [i, value] of expected.entries()) expect(Number(found[i]), op).toBeCloseTo(value, 3);
  }
});

test('values between two nodes are rounded to float32, as on the GPU', async () => {
  // 10 * 0.7 is below 7 before it is rounded to float32.
  const [size, scale] = [tensor('a', [1], Float32Array.of(10)), tensor('b', [1], Float32Array.of(0.7))];
  const nodes = [node('Mul', ['a', 'b'], ['c'], {}), node('Floor', ['c'], ['y'], {})];
  expect(await fold(nodes, [size, scale])).toEqual([7]);
});

test('folding weights allocates only the memory of the result', async () => {
  const [outputs, inputs] = [64, 128];
  const v = tensor('v', [outputs, inputs, 3, 3], new Float32Array(outputs * inputs * 9).fill(0.5));
  const nodes = [
    node('Abs', ['v'], ['a'], {}),
    node('Pow', ['a', 'two'], ['p'], {}),
    node('ReduceSum', ['p', 'axes'], ['s'], { keepdims: 1 }),
    node('Sqrt', ['s'], ['n'], {}),
    node('Div', ['v', 'n'], ['d'], {}),
    node('Mul', ['d', 'g'], ['w'], {}),
    node('Conv', ['x', 'w'], ['y'], {}),
  ];
  const constants = [
    tensor('two', [], Float32Array.of(2)),
    tensor('g', [outputs, 1, 1, 1], new Float32Array(outputs).fill(2)),
    int64Tensor('axes', 1, 2, 3),
    v,
  ];
  const inputsOf = [value('x', [1, inputs, 3, 3])];
  const file = model(graphOf({ nodes, constants, inputs: inputsOf, outputs: [value('y', [])] }));
  const { result, bytes } = await allocated(() => readGraph(file));
  const [convolution] = result.operations.filter(({ kind }) => kind === 'convolution');
  if (convolution?.kind !== 'convolution') throw new Error('There is no convolution.');
  const weights = new Float32Array(convolution.weights.bytes.slice().buffer);
  expect(weights).toHaveLength(outputs * inputs * 9);
  expect(weights[0]).toBeCloseTo(2 / Math.sqrt(inputs * 9), 6);
  expect(bytes).toBeLessThan(1.2 * file.length);
});

test('constants are multiplied as matrices, vectors and batches of matrices', async () => {
  const count = (...dims: number[]) =>
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => i);
  const product = (a: number[], b: number[]) =>
    fold([node('MatMul', ['a', 'b'], ['y'], {})], [tensor('a', a, count(...a)), tensor('b', b, count(...b))]);
  expect(await product([3], [3])).toEqual([5]);
  expect(await product([2, 3], [3])).toEqual([5, 14]);
  expect(await product([2], [2, 3])).toEqual([3, 4, 5]);
  expect(await product([3, 2], [2, 1])).toEqual([1, 3, 5]);
  expect(await product([1, 2], [2, 3])).toEqual([3, 4, 5]);
  expect(await product([2, 1, 2], [2, 2])).toEqual([2, 3, 6, 11]);
  expect(await product([1, 2], [2, 2, 2])).toEqual([2, 3, 6, 7]);
  expect(await product([2, 1, 2], [2, 2, 1])).toEqual([1, 13]);
  const gemm = node('Gemm', ['a', 'b', 'c'], ['y'], { transA: 1, alpha: 0.5, beta: 1.5 });
  const [a, b] = [tensor('a', [2, 1], count(2, 1)), tensor('b', [2, 3], count(2, 3))];
  expect(await fold([gemm], [a, b, tensor('c', [3], count(3))])).toEqual([1.5, 3.5, 5.5]);
});

test('folding spectral normalization allocates the weights and one transposed copy', async () => {
  const [inputs, outputs] = [96, 128];
  const values = Float32Array.from({ length: inputs * outputs * 16 }, (_, i) => Math.sin(i));
  const nodes = [
    node('Transpose', ['w'], ['t'], { perm: [1, 0, 2, 3] }),
    node('Reshape', ['t', 'shape'], ['m'], {}),
    node('MatMul', ['m', 'v'], ['mv'], {}),
    node('MatMul', ['u', 'mv'], ['s'], {}),
    node('Div', ['w', 's'], ['d'], {}),
    node('ConvTranspose', ['x', 'd'], ['y'], { strides: [2, 2] }),
  ];
  const constants = [
    tensor('w', [inputs, outputs, 4, 4], values),
    tensor('u', [outputs], new Float32Array(outputs).fill(0.5)),
    tensor('v', [inputs * 16], new Float32Array(inputs * 16).fill(0.25)),
    int64Tensor('shape', outputs, -1),
  ];
  const inputsOf = [value('x', [1, inputs, 3, 3])];
  const file = model(graphOf({ nodes, constants, inputs: inputsOf, outputs: [value('y', [])] }));
  const { result, bytes } = await allocated(() => readGraph(file));
  const [convolution] = result.operations;
  if (convolution?.kind !== 'convolution') throw new Error('There is no convolution.');
  const norm = values.reduce((sum, one) => sum + one / 8, 0);
  const weights = new Float32Array(convolution.weights.bytes.slice().buffer);
  expect((weights[1] ?? 0) * norm).toBeCloseTo(values[1] ?? 0, 4);
  // The weights are copied once more for a short time, because they are not aligned in the file.
  expect(bytes).toBeLessThan(3.1 * file.length);
});

test('8-bit weights stay 8-bit if they are scaled per channel and reshaped; other operations make them float32', async () => {
  const [outputs, inputs] = [8, 4];
  const stored = raw(
    'q',
    INT8,
    [outputs, inputs],
    Uint8Array.from({ length: 32 }, (_, i) => i),
  );
  const scale = tensor(
    's',
    [outputs],
    Float32Array.from({ length: outputs }, (_, i) => i + 1),
  );
  const gain = Float32Array.from({ length: outputs }, (_, i) => 2 ** i);
  const weightsOf = async (op: string, dims: number[], gains: Float32Array) => {
    const nodes = [
      node('DequantizeLinear', ['q', 's'], ['f'], { axis: 0 }),
      node(op, ['f', 'g'], ['m'], {}),
      node('Unsqueeze', ['m', 'axes'], ['w'], {}),
      node('Conv', ['x', 'w'], ['y'], {}),
    ];
    const constants = [stored, scale, tensor('g', dims, gains), int64Tensor('axes', 2, 3)];
    const io = { inputs: [value('x', [1, inputs, 3, 3])], outputs: [value('y', [])] };
    const { operations } = await readGraph(model(graphOf({ nodes, constants, ...io })));
    const [convolution] = operations;
    if (convolution?.kind !== 'convolution') throw new Error('There is no convolution.');
    return convolution.weights;
  };
  const floats = ({ bytes }: { bytes: Uint8Array }) => [...new Float32Array(bytes.slice().buffer)];
  const scaled = await weightsOf('Mul', [outputs, 1], gain);
  expect([scaled.type, ...(scaled.scale ?? [])]).toEqual(['uint8', ...gain.map((g, i) => g * (i + 1))]);
  const divided = await weightsOf('Div', [1], Float32Array.of(4));
  expect([divided.type, ...(divided.scale ?? [])]).toEqual(['uint8', ...gain.map((_, i) => (i + 1) / 4)]);
  const across = await weightsOf('Mul', [inputs], gain.slice(0, inputs));
  expect(across.type).toBe('float32');
  expect(floats(across).slice(0, 8)).toEqual([0, 2, 8, 24, 8, 20, 48, 112]);
  const shifted = await weightsOf('Sub', [1], Float32Array.of(1));
  expect(floats(shifted).slice(0, 6)).toEqual([-1, 0, 1, 2, 7, 9]);
});

test('8-bit weights are converted to float32 once, for constant folding and for a kernel', async () => {
  const [rows, inner] = [17, 65536];
  const eight = (name: string, dims: number[]) => raw(name, 2, dims, new Uint8Array(rows * inner).fill(3));
  const one = (name: string, value: number) => tensor(name, [], Float32Array.of(value));
  const bytes = model(
    graphOf({
      nodes: [
        node('DequantizeLinear', ['l', 'scale'], ['large'], {}),
        node('DequantizeLinear', ['s', 'scale'], ['small'], {}),
        node('MatMul', ['large', 'small'], ['product'], {}),
        node('Add', ['x', 'small'], ['y'], {}),
        node('Add', ['v', 'product'], ['z'], {}),
      ],
      constants: [eight('l', [rows, inner]), eight('s', [inner, rows]), one('scale', 0.5)],
      inputs: [value('x', [inner, rows]), value('v', [rows, rows])],
      outputs: [value('y', []), value('z', [])],
    }),
  );
  // The memory limit for constants allows one float32 copy, but not two.
  expect(4 * rows * inner).toBeLessThan(2 * bytes.length + 4 * 2 ** 20);
  expect(8 * rows * inner).toBeGreaterThan(2 * bytes.length + 4 * 2 ** 20);
  const { operations } = await readGraph(bytes);
  const constants = operations.flatMap(({ inputs }) => inputs.flatMap(({ constant }) => constant ?? []));
  expect(constants.map(values => values[values.length - 1])).toEqual([1.5, 1.5 * 1.5 * inner]);
});
