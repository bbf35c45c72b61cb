// Hostile files for the fuzz tests: seed files of many kinds, and random mutations of them. One number determines a
// file, so that a file that breaks the engine can be reproduced.

import {
  graphOf,
  int64Scalar,
  int64Tensor,
  message,
  model,
  node,
  tensor,
  text,
  value,
  varint,
} from './onnx.ts';

/** The random number generator Mulberry32: numbers in [0, 1), the same in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Attributes = Record<string, number | string | number[]>;

const image = value('image', [1, 3, 8, 8]);
const painting = value('painting', [1, 3, 8, 8]);

function look(nodes: number[][], constants: Uint8Array[] = [], live: string[] = []): Uint8Array {
  const inputs = [image, ...live.map(name => value(name, []))];
  return model(graphOf({ nodes, constants, inputs, outputs: [painting] }));
}

const zeros = (name: string, ...dims: number[]): Uint8Array =>
  tensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.1));

const single = (
  op: string,
  attributes: Attributes = {},
  constants: [string, Uint8Array][] = [],
): Uint8Array =>
  look(
    [node(op, ['image', ...constants.map(([name]) => name)], ['painting'], attributes)],
    constants.map(([, bytes]) => bytes),
  );

/** Small looks, each with different operators. */
export const SEEDS: readonly Uint8Array[] = [
  look(
    [
      node('Conv', ['image', 'w', 'b'], ['a'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('LeakyRelu', ['a'], ['c'], { alpha: 0.2 }),
      node('ConvTranspose', ['c', 'v'], ['d'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Tanh', ['d'], ['painting'], {}),
    ],
    [zeros('w', 4, 3, 4, 4), zeros('b', 4), zeros('v', 4, 3, 4, 4)],
  ),
  look(
    [
      node('Mul', ['contrast', 'image'], ['a'], {}),
      node('Conv', ['a', 'w'], ['b'], { group: 3, auto_pad: 'SAME_UPPER' }),
      node('InstanceNormalization', ['b', 's', 's'], ['c'], { epsilon: 0.001 }),
      node('Add', ['c', 'image'], ['painting'], {}),
    ],
    [zeros('w', 3, 1, 3, 3), zeros('s', 3)],
    ['contrast'],
  ),
  single('Resize', { mode: 'linear' }, [
    ['roi', zeros('roi', 0)],
    ['scales', tensor('scales', [4], Float32Array.of(1, 1, 1, 1))],
  ]),
  single('Upsample', { mode: 'nearest' }, [['scales', tensor('scales', [4], Float32Array.of(1, 1, 1, 1))]]),
  single('Pad', { mode: 'reflect' }, [['pads', int64Tensor('pads', 0, 0, 1, 1, 0, 0, -1, -1)]]),
  single('Expand', {}, [['shape', int64Tensor('shape', 1, 3, 8, 8)]]),
  single('Reshape', {}, [['shape', int64Tensor('shape', 0, -1, 8, 8)]]),
  look(
    [
      node('Split', ['image', 'parts'], ['a', 'b'], { axis: 2 }),
      node('Concat', ['b', 'a'], ['painting'], { axis: 2 }),
    ],
    [int64Tensor('parts', 3, 5)],
  ),
  look(
    [
      node('Slice', ['image', 'from', 'to', 'axes'], ['a'], {}),
      node('Pad', ['a', 'pads'], ['painting'], { mode: 'constant' }),
    ],
    [
      int64Tensor('from', 1),
      int64Tensor('to', 7),
      int64Tensor('axes', 3),
      int64Tensor('pads', 0, 0, 0, 1, 0, 0, 0, 1),
    ],
  ),
  look([
    node('SpaceToDepth', ['image'], ['a'], { blocksize: 2 }),
    node('DepthToSpace', ['a'], ['painting'], { blocksize: 2, mode: 'CRD' }),
  ]),
  look([
    node('MaxPool', ['image'], ['a'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    node('AveragePool', ['a'], ['b'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 }),
    node('GlobalAveragePool', ['b'], ['c'], {}),
    node('Mul', ['b', 'c'], ['painting'], {}),
  ]),
  look(
    [
      node('Shape', ['image'], ['s'], {}),
      node('Gather', ['s', 'at'], ['n'], { axis: 0 }),
      node('Concat', ['n', 'rest'], ['t'], { axis: 0 }),
      node('Reshape', ['image', 't'], ['painting'], {}),
    ],
    [int64Tensor('at', 0), int64Tensor('rest', 3, 8, 8)],
  ),
  look(
    [
      node('Transpose', ['image'], ['a'], { perm: [0, 1, 3, 2] }),
      node('MatMul', ['a', 'm'], ['b'], {}),
      node('Softmax', ['b'], ['c'], { axis: 1 }),
      node('ReduceMean', ['c'], ['d'], { axes: [2, 3], keepdims: 1 }),
      node('Sub', ['c', 'd'], ['painting'], {}),
    ],
    [zeros('m', 8, 8)],
  ),
  look(
    [
      node('AffineGrid', ['theta', 'size'], ['grid'], { align_corners: 1 }),
      node('GridSample', ['image', 'grid'], ['painting'], { padding_mode: 'reflection' }),
    ],
    [zeros('theta', 1, 2, 3), int64Tensor('size', 1, 3, 8, 8)],
  ),
  // Arithmetic on constants, some of them empty.
  look(
    [
      node('ReduceSum', ['none'], ['r'], { keepdims: 0 }),
      node('Range', ['r', 'four', 'r1'], ['n'], {}),
      node('ReduceMax', ['n'], ['most'], { keepdims: 1 }),
      node('Less', ['n', 'most'], ['t'], {}),
      node('Where', ['t', 'n', 'most'], ['k'], {}),
      node('ReduceProd', ['k'], ['p'], { keepdims: 1 }),
      node('Max', ['p', 'most'], ['m'], {}),
      node('Div', ['m', 'm'], ['one'], {}),
      node('ConstantOfShape', ['one'], ['z'], {}),
      node('Add', ['image', 'z'], ['painting'], {}),
    ],
    [int64Tensor('none'), int64Scalar('four', 4), int64Scalar('r1', 1)],
  ),
  // Weights that are computed from other constants of the file.
  look(
    [
      node('ReduceL2', ['v'], ['norm'], { axes: [1, 2, 3], keepdims: 1 }),
      node('Div', ['v', 'norm'], ['d'], {}),
      node('Mul', ['d', 'g'], ['w'], {}),
      node('Conv', ['image', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('ReduceMean', ['v'], ['m'], { axes: [0, 1], keepdims: 1 }),
      node('Sub', ['v', 'm'], ['s'], {}),
      node('Exp', ['s'], ['e'], {}),
      node('Conv', ['a', 'e'], ['painting'], { pads: [1, 1, 1, 1] }),
    ],
    [zeros('v', 3, 3, 3, 3), zeros('g', 3, 1, 1, 1)],
  ),
  look(
    [
      node('DequantizeLinear', ['q', 'scale'], ['w'], { axis: 0 }),
      node('Conv', ['image', 'w'], ['painting'], { pads: [1, 1, 1, 1] }),
    ],
    [
      Uint8Array.from([
        ...[3, 3, 3, 3].flatMap(dim => varint(1, dim)),
        ...varint(2, 2),
        ...text(8, 'q'),
        ...message(9, new Uint8Array(81)),
      ]),
      zeros('scale', 3),
    ],
  ),
  look(
    [
      node('DequantizeLinear', ['q', 'scale'], ['w'], { axis: 1, block_size: 2 }),
      node('Conv', ['image', 'w'], ['painting'], { pads: [1, 1, 1, 1] }),
    ],
    [
      Uint8Array.from([
        ...[3, 3, 3, 3].flatMap(dim => varint(1, dim)),
        ...varint(2, 22),
        ...text(8, 'q'),
        ...message(9, new Uint8Array(41)),
      ]),
      zeros('scale', 3, 2, 3, 3),
    ],
  ),
];

/** A field of a protobuf message: its tag and its content. */
interface Field {
  field: number;
  wire: number;
  bytes: number[];
}

const readVarint = (bytes: ArrayLike<number>, at: number): [value: number, next: number] => {
  let [value, scale, next] = [0, 1, at];
  for (;;) {
    const byte = bytes[next++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, next];
    scale *= 128;
  }
};

function fieldsOf(bytes: ArrayLike<number>): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, from] = readVarint(bytes, at);
    const wire = tag & 7;
    let [start, end] = [from, from];
    if (wire === 0) end = readVarint(bytes, from)[1];
    else if (wire === 1) end = from + 8;
    else if (wire === 5) end = from + 4;
    else if (wire === 2) {
      const [length, next] = readVarint(bytes, from);
      [start, end] = [next, next + length];
    } else return null;
    if (end > bytes.length || tag < 8) return null;
    fields.push({ field: Math.floor(tag / 8), wire, bytes: Array.from(bytes).slice(start, end) });
    at = end;
  }
  return fields;
}

const encode = (fields: readonly Field[]): number[] =>
  fields.flatMap(({ field, wire, bytes }) =>
    wire === 2
      ? message(field, bytes)
      : [...varint(field * 8 + wire, 0).slice(0, 0), ...tagOf(field, wire), ...bytes],
  );

/** The tag of a field with this wire type. */
function tagOf(field: number, wire: number): number[] {
  const tag = varint(field, 0).slice(0, -1);
  tag[0] = ((tag[0] ?? 0) & ~7) | wire;
  return tag;
}

const HUGE = [
  0,
  1,
  2,
  3,
  255,
  256,
  65535,
  2 ** 20,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53,
  -1,
  -2,
  -(2 ** 31),
];
const NAMES = ['image', 'painting', 'a', 'b', 'c', 'w', 'shape', '', '__proto__', 'nowhere', 'constructor'];
const OPS = [
  'Conv', 'ConvTranspose', 'Resize', 'Pad', 'Tile', 'Expand', 'Reshape', 'Concat', 'Split', 'Slice', 'MatMul',
  'Gemm', 'Transpose', 'MaxPool', 'Shape', 'Gather', 'If', 'Loop', 'Constant', 'Softmax', 'Upsample',
  'DepthToSpace', 'ConstantOfShape', 'Range', 'Pow', 'LayerNormalization', 'LRN', 'QuantizeLinear', 'Where',
  'ReduceProd', 'ReduceMax', 'ReduceMean', 'ReduceL2', 'Mod', 'Less', 'Cast', 'Squeeze', 'GridSample',
]; // biome-ignore format: a list

/** Changes one field of a message, at any depth. */
function mutateMessage(bytes: ArrayLike<number>, random: () => number, depth = 0): number[] {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return Array.from(bytes);
  const below = (n: number) => Math.floor(random() * n);
  const at = below(fields.length);
  const chosen = fields[at];
  if (!chosen) return Array.from(bytes);
  const pick = <T>(list: readonly T[], otherwise: T): T => list[below(list.length)] ?? otherwise;
  if (chosen.wire === 2 && depth < 6 && random() < 0.75 && chosen.bytes.length > 0) {
    chosen.bytes = mutateMessage(chosen.bytes, random, depth + 1);
    return encode(fields);
  }
  switch (below(10)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      for (let i = below(20); i >= 0; i--) fields.splice(at, 0, { ...chosen });
      break;
    case 2:
      fields.splice(below(fields.length), 0, ...fields.splice(at, 1));
      break;
    case 3:
      chosen.field = 1 + below(24);
      break;
    case 4: {
      let inner = chosen.bytes;
      for (let i = below(200); i >= 0; i--) inner = message(1 + below(6), inner);
      Object.assign(chosen, { wire: 2, bytes: inner });
      break;
    }
    case 5:
      Object.assign(chosen, { wire: 2, bytes: Array.from(new TextEncoder().encode(pick(NAMES, ''))) });
      break;
    case 6:
      Object.assign(chosen, { wire: 2, bytes: Array.from(new TextEncoder().encode(pick(OPS, 'If'))) });
      break;
    case 7:
      chosen.bytes = Array.from({ length: 1 + below(14) }, () => 128 + below(128));
      if (random() < 0.5) chosen.bytes.push(1);
      break;
    default:
      Object.assign(chosen, { wire: 0, bytes: varint(1, pick(HUGE, 0)).slice(1) });
  }
  return encode(fields);
}

/** The file of a seed number. `large` are complete looks; one file in fifty is made from them. */
export function mutated(seed: number, large: readonly Uint8Array[]): Uint8Array {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const isLarge = large.length > 0 && below(50) === 0;
  const from = isLarge ? large : SEEDS;
  let bytes = (from[below(from.length)] ?? Uint8Array.of()).slice();
  const kind = below(10);
  if (kind === 0) return bytes.subarray(0, below(bytes.length));
  if (kind < 4 || isLarge) {
    for (let flips = 1 + below(8); flips > 0; flips--) {
      const at = below(bytes.length);
      bytes[at] = random() < 0.5 ? below(256) : (bytes[at] ?? 0) ^ (1 << below(8));
    }
    return bytes;
  }
  for (let rounds = 1 + below(4); rounds > 0; rounds--) bytes = Uint8Array.from(mutateMessage(bytes, random));
  return bytes;
}
