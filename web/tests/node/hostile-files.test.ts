// Hostile files: for any bytes the reader quickly returns a look or throws an EngineError.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EngineError, readLook } from '../../engine/index.ts';
import { readGraph } from '../../engine/look.ts';
import { floats, halfToFloat, readConstant } from '../../engine/onnx/constant.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { CACHE } from '../cases.ts';
import { seeded } from '../mutations.ts';
import { graphOf, int64Tensor, message, model, node, tensor, text, value, varint } from '../onnx.ts';

const file = new Uint8Array(readFileSync(`${CACHE}/lean-64-uint16-colour.onnx`));

/** 'read', or the message of an EngineError. Other errors are thrown. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    await readLook(bytes);
    return 'read';
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

test('a look is read with its metadata', async () => {
  const { info } = await readLook(file);
  expect(info).toMatchObject({
    name: 'lean uint16',
    author: 'a test',
    pixels: 64,
    size: 'lean',
  });
  expect(info.live.contrast).toEqual({ label: 'Contrast', min: 0, max: 3, default: 1 });
  expect(info.figures).toEqual({ seed: 7 });
});

test('a file that is cut short anywhere is refused with a sentence', async () => {
  const random = seeded(1);
  const cuts = Array.from({ length: 200 }, () => Math.floor(random() * file.length));
  for (const cut of [0, 1, 2, 7, file.length - 1, ...cuts]) {
    expect(await outcome(file.subarray(0, cut)), `cut at ${cut}`).toMatch(/\.$/);
  }
});

test('random bytes are refused with a sentence', async () => {
  const random = seeded(3);
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 400) }, () => random() * 256);
    expect(await outcome(bytes)).toMatch(/\.$/);
  }
});

const image = value('image', [1, 3, 8, 8]);
const out = value('painting', [1, 3, 8, 8]);

/** A small look with every kind of protobuf field. */
function graphFile(): Uint8Array {
  return model(
    graphOf({
      nodes: [
        node('Conv', ['image', 'w', 'b'], ['a'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
        node('LeakyRelu', ['a'], ['c'], { alpha: 0.2 }),
        node('ConvTranspose', ['c', 'v'], ['d'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
        node('Tanh', ['d'], ['painting'], {}),
      ],
      constants: [
        tensor('w', [4, 3, 4, 4], new Float32Array(192)),
        tensor('b', [4], new Float32Array(4)),
        tensor('v', [4, 3, 4, 4], new Float32Array(192)),
      ],
      inputs: [image],
      outputs: [out],
    }),
  );
}

const single = (op: string, inputs: string[], attributes = {}, constants: Uint8Array[] = []) =>
  model(
    graphOf({
      nodes: [node(op, inputs, ['painting'], attributes)],
      constants,
      inputs: [image],
      outputs: [out],
    }),
  );

test('the small look is read', async () => {
  expect(await outcome(graphFile())).toBe('read');
});

test.each([
  ['a missing name', single('Relu', ['nowhere']), "Node 'painting' (op Relu) reads 'nowhere'"],
  ['an unknown operator', single('NonZero', ['image']), "Node 'painting' (op NonZero) is not supported"],
  ['an operator of another domain', single('constructor', ['image']), 'is not supported'],
  ['a cycle', single('Add', ['image', 'painting']), 'a missing name, or a cycle'],
  [
    'huge dimensions',
    single('Conv', ['image', 'w'], {}, [tensor('w', [2 ** 30, 2 ** 30, 2 ** 30, 4], new Float32Array(1))]),
    'impossible dimensions',
  ],
  [
    'dimensions beyond the bytes',
    single('Conv', ['image', 'w'], {}, [tensor('w', [60000, 3, 4, 4], new Float32Array(1))]),
    'claims 2880000 values of float32',
  ],
  [
    'negative dimensions',
    single('Add', ['image', 'w'], {}, [tensor('w', [-1, -4], new Float32Array(4))]),
    'impossible',
  ],
  [
    'huge pads',
    single('Pad', ['image'], { pads: [0, 0, 2 ** 40, 0, 0, 0, 0, 0], mode: 'edge' }),
    'the engine supports 1 to 268435456',
  ],
  [
    'a classifier',
    model(graphOf({ nodes: [node('Relu', ['x'], ['y'], {})], inputs: [value('x', [1, 10])], outputs: [] })),
    'paints pictures from pictures',
  ],
  [
    'an open dimension that makes too large a square',
    model(graphOf({ nodes: [], inputs: [value('image', [1, 3, 'h', 5000])], outputs: [out] })),
    'but this one takes 5000 x 5000',
  ],
  [
    'a grid for other images',
    single('GridSample', ['image', 'w'], {}, [tensor('w', [2, 8, 8, 2], new Float32Array(256))]),
    'has a grid of [2, 8, 8, 2] for a picture of [1, 3, 8, 8]',
  ],
  [
    'an unknown way to sample',
    single('GridSample', ['image', 'w'], { mode: 'toString' }, [
      tensor('w', [1, 8, 8, 2], new Float32Array(128)),
    ]),
    "samples by 'toString'; the engine supports 'linear' and 'nearest'",
  ],
  [
    'an unknown padding',
    single('GridSample', ['image', 'w'], { padding_mode: 'wrap' }, [
      tensor('w', [1, 8, 8, 2], new Float32Array(128)),
    ]),
    "pads by 'wrap'",
  ],
  [
    'a huge affine grid',
    single('AffineGrid', ['t', 's'], {}, [
      tensor('t', [1, 2, 3], new Float32Array(6)),
      int64Tensor('s', 1, 3, 2 ** 24, 4),
    ]),
    'constants take 67108880 bytes; the engine allows',
  ],
  [
    'an affine grid without a map',
    single('AffineGrid', ['image', 's'], {}, [int64Tensor('s', 1, 3, 8, 8)]),
    'from [1, 3, 8, 8], which is not (N, 2, 3)',
  ],
  ['no graph', model(), 'it has no graph'],
])('%s is refused with a sentence', async (_, bytes, sentence) => {
  expect(await outcome(bytes)).toContain(sentence);
});

test('graphs whose expressions double many times are read quickly', async () => {
  const doubled = (first: string) =>
    Array.from({ length: 60 }, (_, i) =>
      node('Mul', [i ? `d${i}` : first, i ? `d${i}` : first], [`d${i + 1}`], {}),
    );
  const scaled = [...doubled('live'), node('Mul', ['image', 'd60'], ['painting'], {})];
  const convolved = [
    node('Conv', ['image', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
    node('Mul', ['c', 's'], ['m'], {}),
    ...doubled('m'),
    node('Relu', ['d60'], ['painting'], {}),
  ];
  const constants = [tensor('w', [3, 3, 3, 3], new Float32Array(81)), tensor('s', [], Float32Array.of(2))];
  for (const nodes of [scaled, convolved]) {
    const bytes = model(graphOf({ nodes, constants, inputs: [image, value('live', [])], outputs: [out] }));
    expect(await outcome(bytes)).toBe('read');
  }
});

test('a chain of thousands of nodes is read or refused quickly', { timeout: 60_000 }, async () => {
  for (const [first, sentence] of [
    ['live', 'operations on scalars'],
    ['image', 'read'],
  ] as const) {
    const nodes = Array.from({ length: 2000 }, (_, i) =>
      node('Exp', [i ? `e${i}` : first], [`e${i + 1}`], {}),
    );
    nodes.push(node('Add', ['image', 'e2000'], ['painting'], {}));
    const bytes = model(graphOf({ nodes, inputs: [image, value('live', [])], outputs: [out] }));
    expect(await outcome(bytes)).toContain(sentence);
  }
});

test('the error for a newer format version says that the page must be updated', async () => {
  const property = message(14, [...text(1, 'limner.format'), ...text(2, '2')]);
  expect(await outcome(Uint8Array.from([...graphFile(), ...property]))).toContain('update the page');
});

test('external data is refused', async () => {
  const external = Uint8Array.from([...tensor('w', [1], new Float32Array(1)), ...varint(14, 1)]);
  expect(() => readConstant(external)).toThrow('stored outside the file');
});

test('unknown messages nested a thousand deep are skipped', async () => {
  let inner: number[] = [];
  for (let i = 0; i < 1000; i++) inner = message(5, inner);
  expect(await outcome(Uint8Array.from([...graphFile(), ...message(25, inner)]))).toBe('read');
});

test('tensor data of every type is read, from raw and typed fields', async () => {
  const typed = (type: number, field: number, bytes: number[]) =>
    floats(readConstant(Uint8Array.from([...varint(1, 2), ...varint(2, type), ...message(field, bytes)])));
  expect([...typed(1, 9, [0, 0, 128, 63, 0, 0, 0, 192])]).toEqual([1, -2]);
  expect([...typed(1, 4, [0, 0, 128, 63, 0, 0, 0, 192])]).toEqual([1, -2]);
  expect([...typed(10, 9, [0, 0x3c, 0, 0xc0])]).toEqual([1, -2]);
  expect([...typed(10, 5, [0x80, 0x78, 0x80, 0x80, 0x03])]).toEqual([1, -2]);
  expect([...typed(2, 9, [7, 255])]).toEqual([7, 255]);
  expect([...typed(3, 9, [7, 255])]).toEqual([7, -1]);
  expect([...typed(4, 9, [1, 1, 255, 255])]).toEqual([257, 65535]);
  expect([...typed(6, 5, [3, 4])]).toEqual([3, 4]);
  // Four bits each, the first in the low ones.
  expect([...typed(21, 9, [0xf1])]).toEqual([1, 15]);
  expect([...typed(22, 9, [0xf1])]).toEqual([1, -1]);
  expect([...typed(21, 5, [0x98, 0x01])]).toEqual([8, 9]);
  expect([...typed(22, 5, [0xf8, 0x01])]).toEqual([-8, -1]);
  expect([...typed(7, 7, [5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])]).toEqual([5, -1]);
});

test('numbers of four bits fill bytes two by two, and others are refused with a sentence', () => {
  const read = (type: number, count: number, bytes: number[], field = 9) =>
    readConstant(
      Uint8Array.from([...text(8, 'w'), ...varint(1, count), ...varint(2, type), ...message(field, bytes)]),
    );
  expect([...floats(read(22, 3, [0x21, 0x7f]))]).toEqual([1, 2, -1]);
  expect([...floats(read(21, 1, [0xff]))]).toEqual([15]);
  expect([...floats(read(21, 0, []))]).toEqual([]);
  for (const [count, bytes] of [
    [3, [1]],
    [3, [1, 2, 3]],
    [2, [1, 2]],
    [2 ** 40, [1]],
    [1, []],
  ] as const) {
    for (const field of [9, 5]) {
      expect(() => read(22, count, [...bytes], field)).toThrow(
        `Tensor 'w' claims ${count} values of int4 (${count}) but holds ${bytes.length} bytes.`,
      );
    }
  }
  expect(() => read(25, 1, [1])).toThrow('has ONNX data type 25, which the engine does not read');
});

test('float16 is converted: subnormal, normal, largest and infinite values', async () => {
  const values = [0x0001, 0x03ff, 0x7bff, 0xfc00, 0x3555].map(halfToFloat);
  expect(values).toEqual([2 ** -24, 1023 * 2 ** -24, 65504, Number.NEGATIVE_INFINITY, 0.333251953125]);
});

test('weights are views of the file, not copies', async () => {
  const { constants } = readModel(file);
  const weights = [...constants.values()].filter(({ bytes }) => bytes.length > 1000);
  expect(weights.length).toBeGreaterThan(5);
  for (const { bytes } of weights) expect(bytes.buffer).toBe(file.buffer);
});

test('`readGraph` reads a graph without the checks of a look', async () => {
  expect((await readGraph(graphFile())).operations).toHaveLength(2);
});
