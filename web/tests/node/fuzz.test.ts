// Ten thousand hostile files: each is read or refused with an EngineError, quickly, and with memory in
// proportion to its size.
//
//   LIMNER_FUZZ_FILES=100000 npx vitest run --project node tests/node/fuzz.test.ts     more files
//   LIMNER_FUZZ_SEED=4711 npx vitest run --project node tests/node/fuzz.test.ts        a single file

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EngineError } from '../../engine/error.ts';
import { checkCost } from '../../engine/graph/passes/cost.ts';
import { readGraph, readLook } from '../../engine/look.ts';
import { allocated } from '../allocations.ts';
import { CACHE } from '../cases.ts';
import { mutated, SEEDS } from '../mutations.ts';
import { graphOf, message, model, node, tensor, text, value, varint } from '../onnx.ts';

const FILES = Number(process.env.LIMNER_FUZZ_FILES ?? 10_000);
const ONLY = process.env.LIMNER_FUZZ_SEED;
const MAX_MS = 1000;
/** Bytes that may be allocated on top of twice the file's size. `lowering/builder.ts` allows 4 MB for
 * matrices of Resize and similar operators, and numbers read from typed fields before the refusal may add to
 * that. */
const BASE_BYTES = 5 * 2 ** 20;
const LOOKS = ['lean-64-uint16-colour', 'lean-64-float16-edges'].map(
  name => new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)),
);

interface Outcome {
  /** 'read', or the error message. */
  message: string;
  /** The smaller of CPU time and wall time. On a busy machine wall time includes other processes; CPU time includes
   * garbage collection on other threads. */
  milliseconds: number;
  bytes: number;
}

/** Reads a file as a look, or as any graph. Errors other than EngineErrors are thrown. */
async function outcome(file: Uint8Array, asLook = true): Promise<Outcome> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  const { result, bytes } = await allocated(async () => {
    try {
      if (asLook) checkCost((await readLook(file)).plan);
      else await readGraph(file);
      return 'read';
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      throw error;
    }
  });
  const { user, system } = process.cpuUsage(before);
  return {
    message: result,
    milliseconds: Math.min(performance.now() - began, (user + system) / 1000),
    bytes,
  };
}

const seeds = ONLY === undefined ? Array.from({ length: FILES }, (_, i) => i) : [Number(ONLY)];

test(`${seeds.length} hostile files are read or refused, quickly and in proportion to their size`, {
  timeout: 60_000 + FILES * 20,
}, async () => {
  const worst = { milliseconds: [0, 0], bytes: [0, 0] };
  const sentences = new Set<string>();
  let read = 0;
  const began = performance.now();
  // Modules that are imported on demand are loaded here, before times are measured.
  for (const file of SEEDS) await outcome(file);
  for (const seed of seeds) {
    const file = mutated(seed, LOOKS);
    const { message, milliseconds, bytes } = await outcome(file).catch((error: unknown) => {
      throw new Error(`LIMNER_FUZZ_SEED=${seed} is neither read nor refused.`, { cause: error });
    });
    const label = `LIMNER_FUZZ_SEED=${seed}: ${message}`;
    expect(message, label).toMatch(/^read$|\.$/);
    // A second measurement rules out a pause of the machine.
    const confirmedMs = milliseconds < MAX_MS ? milliseconds : (await outcome(file)).milliseconds;
    expect(confirmedMs, label).toBeLessThan(MAX_MS);
    expect(bytes - 2 * file.length, label).toBeLessThan(BASE_BYTES);
    if (message === 'read') read += 1;
    else sentences.add(message.replace(/'[^']*'|\[[^\]]*\]|-?\d[\d.e+x ]*/g, '*'));
    if (milliseconds > (worst.milliseconds[0] ?? 0)) worst.milliseconds = [milliseconds, seed];
    if (bytes - 2 * file.length > (worst.bytes[0] ?? 0)) worst.bytes = [bytes - 2 * file.length, seed];
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `fuzz: ${seeds.length} files in ${seconds} s, ${read} read, ${sentences.size} kinds of refusal,`,
  );
  console.log(
    `  slowest ${worst.milliseconds.join(' ms, seed ')}, most bytes beyond twice the file ${worst.bytes.join(' bytes, seed ')}`,
  );
  // If the reader refused all files at the start, the test would show little.
  if (ONLY === undefined) {
    expect(read).toBeGreaterThan(FILES / 20);
    expect(read).toBeLessThan(FILES * 0.8);
    expect(sentences.size).toBeGreaterThan(Math.min(FILES / 20, 100));
  }
});

test('allocations are counted', async () => {
  const work = async () =>
    Float32Array.from([1, 2])
      .slice()
      .map(x => x)
      .subarray(1).length + new ArrayBuffer(5).byteLength;
  expect(await allocated(work)).toEqual({ result: 6, bytes: 3 * 8 + 5 });
  expect((await allocated(async () => new Uint8Array(new ArrayBuffer(7)))).bytes).toBe(7);
});

test('the unchanged seed files are read', async () => {
  for (const seed of SEEDS) expect((await outcome(seed)).message).toBe('read');
});

const image = value('image', [1, 3, 8, 8]);
const painting = value('painting', [1, 3, 8, 8]);
const bomb = (part: number[], count: number): Uint8Array => {
  const bytes = new Uint8Array(part.length * count);
  for (let i = 0; i < count; i++) bytes.set(part, i * part.length);
  return bytes;
};
/** A model whose graph ends with these bytes, which are too many for a spread. */
function modelEndingIn(
  tail: Uint8Array,
  graph: number[] = [...message(11, image), ...message(12, painting)],
): Uint8Array {
  const head = [...varint(1, 10), ...message(8, varint(2, 21))];
  const length = varint(1, graph.length + tail.length).slice(1);
  const start = Uint8Array.from([...head, 7 * 8 + 2, ...length, ...graph]);
  const file = new Uint8Array(start.length + tail.length);
  file.set(start);
  file.set(tail, start.length);
  return file;
}
const longField = (field: number, bytes: Uint8Array): Uint8Array => {
  const head = Uint8Array.from([
    ...varint(field, 0)
      .slice(0, -1)
      .map((byte, i) => (i === 0 ? byte | 2 : byte)),
    ...varint(1, bytes.length).slice(1),
  ]);
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return all;
};
const joined = (...parts: Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
const typed = (type: number, field: number, content: Uint8Array, ...dims: number[]): Uint8Array =>
  joined(
    Uint8Array.from([...dims.flatMap(dim => varint(1, dim)), ...varint(2, type), ...text(8, 'w')]),
    longField(field, content),
  );
const sizes = (...numbers: number[]): Uint8Array => {
  const raw = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
  return Uint8Array.from([
    ...varint(1, numbers.length),
    ...varint(2, 7),
    ...text(8, 'n'),
    ...message(9, raw),
  ]);
};
const relu = message(1, node('Relu', ['image'], ['painting'], {}));
const MANY = 2 ** 20;

test.each([
  ['a million nodes', modelEndingIn(bomb(message(1, []), MANY))],
  ['a million outputs', modelEndingIn(bomb(message(12, []), MANY))],
  ['a million initializers', modelEndingIn(bomb(message(5, varint(2, 1)), MANY))],
  ['a node of a million inputs', modelEndingIn(longField(1, bomb(text(1, 'a'), MANY)))],
  ['a node of a million attributes', modelEndingIn(longField(1, bomb(message(5, text(1, 'a')), MANY)))],
  [
    'an attribute of a million numbers',
    modelEndingIn(longField(1, longField(5, longField(8, bomb([1], MANY))))),
  ],
  [
    'a shape of a million dimensions',
    modelEndingIn(longField(11, longField(2, longField(1, longField(2, bomb(message(1, []), MANY)))))),
  ],
  ['a tensor of a million dimensions', modelEndingIn(longField(5, longField(1, bomb([1], MANY))))],
  [
    'a million int64 of one byte each',
    modelEndingIn(longField(5, typed(7, 7, bomb([1], MANY), MANY)), [
      ...relu,
      ...message(11, image),
      ...message(12, painting),
    ]),
  ],
  [
    'a million float32 numbers in a typed field',
    modelEndingIn(longField(5, typed(1, 4, bomb([0, 0, 128, 63], MANY), MANY)), [
      ...relu,
      ...message(11, image),
      ...message(12, painting),
    ]),
  ],
  [
    'a million metadata properties',
    joined(
      model(
        graphOf({ nodes: [node('Relu', ['image'], ['painting'], {})], inputs: [image], outputs: [painting] }),
      ),
      bomb(message(14, text(1, 'a')), MANY),
    ),
  ],
  ['a message nested as deep as its size allows', modelEndingIn(bomb([5 * 8 + 2, 127], MANY))],
])('%s allocates at most twice its size', async (_, file) => {
  const before = process.memoryUsage().heapUsed;
  const { message, milliseconds, bytes } = await outcome(file);
  const heap = process.memoryUsage().heapUsed - before;
  expect(message).toMatch(/^read$|\.$/);
  expect(milliseconds).toBeLessThan(MAX_MS);
  expect(bytes).toBeLessThan(2 * file.length + BASE_BYTES);
  // The heap also holds garbage of earlier tests and of this one: 24 MB are added for it.
  expect(heap).toBeLessThan(2 * file.length + 24 * 2 ** 20);
});

test.each([
  [
    'Resize',
    { mode: 'cubic' },
    [
      ['', null],
      ['s', tensor('s', [4], Float32Array.of(1, 1, 1e9, 1e9))],
    ],
  ],
  [
    'Resize',
    { mode: 'linear' },
    [
      ['', null],
      ['s', tensor('s', [4], Float32Array.of(1, 1, 512, 512))],
    ],
  ],
  ['Upsample', {}, [['s', tensor('s', [4], Float32Array.of(1, 1, 8000, 8000))]]],
  ['AveragePool', { kernel_shape: [4096, 4096], pads: [2048, 2048, 2048, 2048] }, []],
  ['MaxPool', { kernel_shape: [4096, 4096], pads: [2048, 2048, 2048, 2048] }, []],
  ['Pad', { pads: [0, 0, 30000, 30000, 0, 0, 30000, 30000], mode: 'wrap' }, []],
  [
    'Resize',
    { mode: 'cubic', antialias: 1 },
    [
      ['', null],
      ['', null],
      ['n', sizes(1, 3, 1, 1)],
    ],
  ],
  ['LRN', { size: 2 ** 31 }, []],
  [
    'ConvTranspose',
    { strides: [4096, 4096], dilations: [4096, 4096] },
    [['w', tensor('w', [3, 3, 4, 4], new Float32Array(144))]],
  ],
  ['SpaceToDepth', { blocksize: 2 ** 31 }, []],
] as const)('a %s bomb %o is read or refused within a second', async (op, attributes, constants) => {
  const file = model(
    graphOf({
      nodes: [
        node(
          op,
          ['image', ...constants.map(([name]) => name)],
          ['painting'],
          attributes as Parameters<typeof node>[3],
        ),
      ],
      constants: constants.flatMap(([, bytes]) => (bytes ? [bytes] : [])),
      inputs: [image],
      outputs: [painting],
    }),
  );
  for (const asLook of [true, false]) {
    const { message, milliseconds, bytes } = await outcome(file, asLook);
    expect(message).toMatch(/^read$|\.$/);
    expect(milliseconds).toBeLessThan(MAX_MS);
    expect(bytes, message).toBeLessThan(2 * file.length + BASE_BYTES);
  }
});

test('many large matrices in a small file are refused before they are allocated', async () => {
  const large = value('image', [1, 3, 4096, 4096]);
  const nodes = Array.from({ length: 8 }, (_, i) =>
    node('AveragePool', [i ? `p${i}` : 'image'], [`p${i + 1}`], {
      kernel_shape: [2049, 2049],
      pads: Array(4).fill(1024),
    }),
  );
  const file = model(graphOf({ nodes, inputs: [large], outputs: [value('p8', [1, 3, 4096, 4096])] }));
  const { message, milliseconds, bytes } = await outcome(file);
  expect(message).not.toBe('read');
  expect(milliseconds).toBeLessThan(MAX_MS);
  expect(bytes).toBeLessThan(2 * file.length + BASE_BYTES);
});

const square = tensor('v', [256, 256], new Float32Array(2 ** 16).fill(0.5));
const [column, row] = [
  tensor('c', [4096, 1], new Float32Array(4096).fill(0.5)),
  tensor('r', [1, 4096], new Float32Array(4096).fill(0.5)),
];
const chain = (op: string, count: number, from: string) =>
  Array.from({ length: count }, (_, i) => node(op, Array(2).fill(i ? `t${i}` : from), [`t${i + 1}`], {}));
const useSum = (name: string) => [
  node('ReduceSum', [name], ['total'], { keepdims: 0 }),
  node('Mul', ['image', 'total'], ['painting'], {}),
];

test.each([
  ['repeated powers', [...chain('Pow', 1500, 'v'), ...useSum('t1500')], [square]],
  ['repeated doublings', [...chain('Add', 400, 'v'), ...useSum('t400')], [square]],
  [
    'a constant with a thousand sums of it',
    [
      ...chain('Pow', 200, 'v'),
      ...Array.from({ length: 1000 }, (_, i) => node('ReduceSum', ['t200'], [`s${i}`], {})),
      ...useSum('s999'),
    ],
    [square],
  ],
  ['the largest allowed number of powers', [...chain('Pow', 24, 'v'), ...useSum('t24')], [square]],
  [
    'an outer sum of two vectors',
    [node('Add', ['c', 'r'], ['t'], {}), ...chain('Mul', 8, 't'), ...useSum('t8')],
    [column, row],
  ],
  [
    'repeated powers of a thousand integers',
    [...chain('Pow', 2000, 'n'), node('Cast', ['t2000'], ['f'], { to: 1 }), ...useSum('f')],
    [sizes(...Array.from({ length: 1024 }, (_, i) => 2 ** 40 + i))],
  ],
])(
  'constant folding: %s is computed or refused within a second',
  { timeout: 30_000 },
  async (_, nodes, constants) => {
    const file = model(graphOf({ nodes, constants, inputs: [image], outputs: [painting] }));
    await outcome(file, false);
    const before = process.cpuUsage();
    const { message, bytes } = await outcome(file, false);
    const { user, system } = process.cpuUsage(before);
    expect(message).toMatch(/^read$|\.$/);
    expect((user + system) / 1000, message).toBeLessThan(MAX_MS);
    expect(bytes, message).toBeLessThan(2 * file.length + BASE_BYTES);
  },
);

test('a graph with many edges is read or refused within a second', async () => {
  const all = (wide: number) => Array.from({ length: wide }, () => 'image');
  const joins = (op: string, count: number, wide: number, negs: number) => {
    const joined = Array.from({ length: count }, (_, i) => node(op, all(wide), [`j${i}`], {}));
    const chain = Array.from({ length: negs }, (_, i) =>
      node('Neg', [i ? `n${i}` : 'image'], [`n${i + 1}`], {}),
    );
    const ends = Array.from({ length: count }, (_, i) => node('Neg', [`j${i}`], [`o${i}`], {}));
    const outputs = Array.from({ length: count }, (_, i) => value(`o${i}`, [1, 3, 8, 8]));
    const nodes = [...joined, ...ends, ...chain];
    return model(graphOf({ nodes, inputs: [image], outputs: [...outputs, value(`n${negs}`, [1, 3, 8, 8])] }));
  };
  for (const [file, expected] of [
    [joins('Concat', 250, 256, 300), /more than 8192 inputs together.*\.$/],
    [joins('Concat', 24, 256, 1800), /^read$/],
    [joins('Sum', 24, 256, 1800), /^read$/],
  ] as const) {
    // CPU time, because on a busy machine wall time includes other processes.
    const before = process.cpuUsage();
    const { message } = await outcome(file, false);
    const { user, system } = process.cpuUsage(before);
    expect(message).toMatch(expected);
    expect((user + system) / 1000).toBeLessThan(MAX_MS);
  }
});
