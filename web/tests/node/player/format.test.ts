// What the page makes of another program's network; tests/e2e/test_strangers.py drives the same in Chromium.

import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { readLook } from '../../../engine/index.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { adapt, PUBLISHED } from '../../../player/painters/format/adapt.ts';
import { PROPERTY } from '../../../player/painters/format/conversion.ts';
import { GraphEnds } from '../../../player/painters/format/hints.ts';
import { describeOutputs } from '../../../player/painters/format/network-kind.ts';
import { describeSizes, findSizes } from '../../../player/painters/format/sizes.ts';
import { findRanges, greyOf, makeTestPicture } from '../../../player/painters/format/trial.ts';
import { UnpaintableError } from '../../../player/painters/painter.ts';
import { graphOf, int64Tensor, model, node, tensor, value } from '../../onnx.ts';

type Step = readonly [op: string, ...constants: (number | readonly number[])[]];

const FLOAT32 = 1;
const INT64 = 7;

const CAFFE = [103.939, 116.779, 123.68];

/** A graph of operators in a row, each with its constants. */
function chain(steps: readonly Step[], dims: readonly (number | string)[] = [1, 3, 8, 8], painted = dims) {
  const constants: Uint8Array[] = [];
  const nodes = steps.map(([op, ...values], i) => {
    const names = values.map((one, j) => {
      const numbers = typeof one === 'number' ? [one] : one;
      constants.push(
        tensor(`c${i}.${j}`, numbers.length > 1 ? [1, 3, 1, 1] : [], Float32Array.from(numbers)),
      );
      return `c${i}.${j}`;
    });
    return node(op, [i === 0 ? 'x' : `v${i}`, ...names], [i === steps.length - 1 ? 'y' : `v${i + 1}`], {});
  });
  const parts = { nodes, constants, inputs: [value('x', dims)], outputs: [value('y', painted)] };
  return Uint8Array.from(model(graphOf(parts)));
}

const ends = (...steps: Step[]) => new GraphEnds(readModel(chain(steps)), 'x', 'y');
const never = () => Promise.reject(new Error('A trial was not expected.'));

describe('the ends of a graph', () => {
  test.each<[Step[], string | null]>([
    [[['Div', 255], ['Exp']], '0..255'],
    [[['Div', 127.5], ['Sub', 1], ['Exp']], '0..255'],
    [[['Sub', CAFFE], ['Exp']], '0..255'],
    [[['Mul', 255], ['Exp']], '0..1'],
    [[['Mul', 2], ['Sub', 1], ['Exp']], '0..1'],
    [[['Add', 1], ['Div', 2], ['Exp']], '-1..1'],
    [[['Exp']], null],
    [[['Mul', 17], ['Exp']], null],
  ])('tell what it takes: %j', (steps, expected) => {
    expect(ends(...steps).inputRange()).toBe(expected);
  });

  test.each<[Step[], string | null]>([
    [[['Exp'], ['Tanh']], '-1..1'],
    [[['Exp'], ['Sigmoid'], ['Mul', 255]], '0..255'],
    [[['Exp'], ['Tanh'], ['Mul', 150], ['Add', 127.5]], '0..255'],
    [[['Exp'], ['Clip', 0, 255]], '0..255'],
    [[['Exp']], null],
    [[['Mul', 255]], '0..255'],
  ])('tell what it gives: %j', (steps, expected) => {
    expect(ends(...steps).outputRange('0..1')).toBe(expected);
  });

  test('tell the order of colours by ImageNet’s means', () => {
    expect(ends(['Sub', CAFFE], ['Exp']).inputChannels()).toBe('BGR');
    expect(ends(['Sub', [...CAFFE].reverse()], ['Exp']).inputChannels()).toBe('RGB');
    expect(ends(['Sub', [1, 5, 9]], ['Exp']).inputChannels()).toBeNull();
  });
});

test('a network of another format becomes a look, once', async () => {
  const bytes = chain([['Div', 255], ['Tanh']], [1, 8, 6, 3]);
  const adapted = await adapt(bytes, {}, never);
  expect(adapted?.sentence).toContain('takes 0..255, NHWC and gives -1..1, NHWC');
  const { info } = await readLook(adapted?.bytes ?? new Uint8Array());
  expect([info.width, info.height]).toEqual([6, 8]);
  expect(readModel(adapted?.bytes ?? new Uint8Array()).metadata.has(PROPERTY)).toBe(true);
  expect(await adapt(adapted?.bytes ?? new Uint8Array(), {}, never)).toBeNull();
});

test('a network in 0..1 stays as it is', async () => {
  const bytes = chain([['Mul', 255], ['Sigmoid']]);
  const adapted = await adapt(bytes, {}, never);
  expect(adapted?.bytes).toBe(bytes);
  expect(adapted?.sentence).toBe('');
});

const NCHW = [1, 3, 'h', 'w'];
const HIDDEN = [1, 3, 'H', 'W'];

/** A network that halves a picture, rounding up, and doubles it: of other sizes than multiples it makes larger ones. */
function halving(times: number, dims: readonly (number | string)[] = NCHW) {
  const kernel = tensor('k', [3, 3, 2, 2], new Float32Array(36).fill(0.1));
  const steps = Array.from({ length: 2 * times }, (_, i) => {
    const [op, pads] =
      i < times ? (['Conv', [0, 0, 1, 1]] as const) : (['ConvTranspose', [0, 0, 0, 0]] as const);
    const name = i === 2 * times - 1 ? 'y' : `v${i + 1}`;
    return node(op, [i === 0 ? 'x' : `v${i}`, 'k'], [name], { strides: [2, 2], pads: [...pads] });
  });
  const parts = {
    nodes: steps,
    constants: [kernel],
    inputs: [value('x', dims)],
    outputs: [value('y', HIDDEN)],
  };
  return Uint8Array.from(model(graphOf(parts)));
}

const names = (sizes: readonly { width: number; height: number }[] | undefined) =>
  sizes?.map(({ width, height }) => `${width}x${height}`).join(' ');

describe('a network of free height and width', () => {
  test('of any size has shapes and sizes to choose from', async () => {
    const bytes = chain([['Relu']], NCHW);
    const adapted = await adapt(bytes, {}, trial => Promise.reject(new UnpaintableError(`${trial.length}`)));
    expect([adapted?.bytes, adapted?.size]).toEqual([bytes, { width: 256, height: 256 }]);
    expect(adapted?.sentence).toContain('It paints 256 px; under Look you can choose other sizes.');
    expect(adapted?.sizes?.shapes.map(({ name, sizes }) => [name, names(sizes)])).toEqual([
      ['Square', '128x128 192x192 256x256 320x320 384x384 512x512 640x640'],
      ['4:3', '128x96 192x144 256x192 320x240 384x288 512x384 640x480'],
      ['16:9', '128x72 192x108 256x144 320x180 384x216 512x288 640x360'],
      ['3:4 upright', '96x128 144x192 192x256 240x320 288x384 384x512 480x640'],
      ['9:16 upright', '72x128 108x192 144x256 180x320 216x384 288x512 360x640'],
    ]);
  });

  test.each([1, 2, 3, 4, 5])('that halves %i times takes multiples', async times => {
    const multiple = 2 ** times;
    const bytes = halving(times);
    const adapted = await adapt(bytes, PUBLISHED, never);
    const sizes = adapted?.sizes?.shapes.flatMap(shape => shape.sizes) ?? [];
    expect(sizes.length).toBeGreaterThan(20);
    // Nor is the multiple taken for a larger one. All sizes that are offered are multiples of 4 anyway.
    const larger = Math.max(2 * multiple, 8);
    expect(sizes.some(({ width, height }) => width % larger > 0 || height % larger > 0)).toBe(true);
    for (const size of sizes) {
      const sides = [size.width, size.height];
      expect(sides.map(side => side % multiple)).toEqual([0, 0]);
      expect(Math.max(...sides)).toBeLessThanOrEqual(640);
      const changed = await adapt(bytes, { ...PUBLISHED, size }, never, adapted?.sizes);
      const { info } = await readLook(changed?.bytes ?? new Uint8Array());
      expect([info.width, info.height]).toEqual(sides);
    }
  });

  test('whose multiple is large has no size of a shape that it cannot have', async () => {
    const [, wide] = (await adapt(halving(6), PUBLISHED, never))?.sizes?.shapes ?? [];
    expect(names(wide?.sizes)).toBe('192x128 256x192 320x256 384x320 512x384 640x512');
  });

  test('of one free side has sizes of that side', async () => {
    const adapted = await adapt(halving(3, [1, 3, 128, 'w']), PUBLISHED, never);
    expect(adapted?.size).toEqual({ width: 128, height: 128 });
    expect(adapted?.sizes?.shapes.map(({ sizes }) => names(sizes))).toEqual([
      '128x128 192x128 256x128 320x128 384x128 512x128 640x128',
    ]);
    const upright = await adapt(halving(3, [1, 3, 'h', 120]), PUBLISHED, never);
    expect(names(upright?.sizes?.shapes[0]?.sizes)).toBe(
      '120x120 120x128 120x192 120x256 120x320 120x384 120x512 120x640',
    );
  });

  test('that takes one size alone leaves no choice', async () => {
    const nodes = [node('Reshape', ['x', 's'], ['y'], {})];
    const constants = [int64Tensor('s', 1, 3, 224, 224)];
    const parts = { nodes, constants, inputs: [value('x', NCHW)], outputs: [value('y', HIDDEN)] };
    const adapted = await adapt(Uint8Array.from(model(graphOf(parts))), PUBLISHED, never);
    expect(adapted?.size).toEqual({ width: 224, height: 224 });
    expect(adapted?.sizes?.shapes.map(({ sizes }) => names(sizes))).toEqual(['224x224']);
    expect(adapted?.sizes && describeSizes(adapted.sizes, adapted.size)).toBe('');
    expect((await readLook(adapted?.bytes ?? new Uint8Array())).info.pixels).toBe(224);
  });

  test('that takes squares alone has no other shape', async () => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { perm: [0, 1, 3, 2] }),
      node('Add', ['x', 't'], ['y'], {}),
    ];
    const parts = { nodes, inputs: [value('x', NCHW)], outputs: [value('y', HIDDEN)] };
    const adapted = await adapt(Uint8Array.from(model(graphOf(parts))), PUBLISHED, never);
    expect(adapted?.sizes?.shapes.map(({ name }) => name)).toEqual(['Square']);
  });

  test('that the engine does not run may take the usual multiples', async () => {
    const adapted = await adapt(chain([['Unknown']], NCHW), PUBLISHED, never);
    expect(adapted?.sizes?.shapes.length).toBe(5);
    for (const { sizes } of adapted?.sizes?.shapes ?? []) {
      for (const { width, height } of sizes) expect([width % 64, height % 64]).toEqual([0, 0]);
    }
  });

  test('is tried once: what was found is given back', async () => {
    const bytes = halving(3);
    const adapted = await adapt(bytes, PUBLISHED, never);
    const known = adapted?.sizes ?? null;
    const again = await adapt(bytes, { ...PUBLISHED, size: { width: 512, height: 384 } }, never, known);
    expect(again?.sizes).toBe(known);
  });
});

test('sizes that cost too much are left out', async () => {
  const takes = async ({ width, height }: { width: number; height: number }) =>
    width % 8 === 0 && height % 8 === 0 && width * height <= 256 ** 2;
  const sizes = await findSizes({ width: undefined, height: undefined }, { width: 256, height: 256 }, takes);
  expect(names(sizes.shapes[2]?.sizes)).toContain('128x72'); // of multiples of 16, 80 is the nearest
  expect(sizes.shapes.map(shape => names(shape.sizes.slice(-1)))).toEqual([
    '256x256',
    '256x192',
    '256x144',
    '192x256',
    '144x256',
  ]);
});

test('trying sizes of a network gives way to the page', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++);
  const takes = async ({ width, height }: { width: number; height: number }) => {
    const end = performance.now() + 30;
    while (performance.now() < end);
    return width % 16 === 0 && height % 16 === 0;
  };
  const sizes = await findSizes({ width: undefined, height: undefined }, { width: 256, height: 256 }, takes);
  clearInterval(timer);
  expect(names(sizes.shapes[2]?.sizes)).toContain('128x80');
  expect(turns).toBeGreaterThanOrEqual(2);
});

describe('names that the network has', () => {
  test.each([3, 10])('are not made again, in files of format %i', async format => {
    const taken = ['limner.image', 'limner.before.0', 'limner_.after.0', 'limner.factor'];
    const nodes = [
      node('Mul', ['x', 'limner.image'], ['limner.before.0'], {}),
      node('Add', ['limner.before.0', 'limner.factor'], ['limner_.after.0'], {}),
      node('Identity', ['limner_.after.0'], ['y'], {}),
    ];
    const constants = [
      tensor('limner.image', [], Float32Array.of(0.5)),
      tensor('limner.factor', [], Float32Array.of(0.25)),
    ];
    const shape = [1, 3, 2, 2];
    const given = format < 4 ? [value('limner.image', []), value('limner.factor', [])] : [];
    const parts = { nodes, constants, inputs: [value('x', shape), ...given], outputs: [value('y', shape)] };
    const bytes = Uint8Array.from(model(graphOf(parts), { format, opset: 11 }));
    const said = { ...PUBLISHED, ranges: { input: '0..255', output: '0..255' } } as const;
    const adapted = await adapt(bytes, said, never);
    const made = readModel(adapted?.bytes ?? new Uint8Array());
    const all = made.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(all).size).toBe(all.length);
    for (const name of taken) expect(all.filter(one => one === name).length).toBeLessThanOrEqual(1);
    expect([...made.constants.keys()].sort()).toEqual(['limner.factor', 'limner.image']);
    const [input] = made.inputs;
    const session = await ort.InferenceSession.create(adapted?.bytes ?? new Uint8Array());
    const feed = { [input?.name ?? '']: new ort.Tensor('float32', new Float32Array(12).fill(0.4), shape) };
    const [painting] = Object.values(await session.run(feed));
    for (const one of painting?.data ?? []) expect(one).toBeCloseTo((0.4 * 255 * 0.5 + 0.25) / 255, 5);
  });
});

test.each<[string, (number | string)[], (number | string)[], string]>([
  [
    'a classifier',
    [1, 3, 8, 8],
    [1, 1000],
    'seems to name what is in a picture (1,000 classes); it makes no picture',
  ],
  ['text', [1, 'length'], [1, 'length'], 'is no network on pictures: it takes “x”, 1 x ?'],
])('%s is told by what it is', async (_, dims, painted, sentence) => {
  // The engine does not run this operator, so the shapes are those of the file.
  await expect(adapt(chain([['Unknown']], dims, painted), {}, never)).rejects.toThrow(sentence);
});

test.each<[string, number[], string]>([
  ['y', [1, 84, 8400], 'find things'],
  ['boxes', [1, 100], 'find things'],
  ['y', [1, 21, 32, 32], 'what each part of a picture shows (21 classes)'],
  ['embedding', [1, 512], 'describe a picture by 512 numbers'],
  ['y', [1, 1], 'gives one number'],
  ['heatmaps', [1, 17, 8, 8], 'find points'],
  ['pose', [1, 17, 3], 'find points'],
  ['body_pose', [1, 17, 3], 'find points'],
  ['transpose_1', [1, 512], 'what is in a picture (512 classes)'],
])('an output %s of %j', (name, dims, sentence) => {
  expect(describeOutputs([{ name, type: FLOAT32, dims }])).toContain(sentence);
});

test.each([[[1, 1, 32, 32]], [[1, 256, 1024]]])('an output of integers of %j names parts', dims => {
  const sentence = describeOutputs([{ name: 'y', type: INT64, dims }]);
  expect(sentence).toBe('seems to name what each part of a picture shows');
});

test('a map of classes is no picture', async () => {
  const shape = [1, 1, 32, 32];
  const parts = { nodes: [node('Unknown', ['x'], ['y'], {})], inputs: [value('x', [1, 3, 32, 32])] };
  const giving = (type: number) =>
    Uint8Array.from(model(graphOf({ ...parts, outputs: [value('y', shape, type)] })));
  await expect(adapt(giving(INT64), {}, never)).rejects.toThrow('it makes no picture');
  expect((await adapt(giving(FLOAT32), PUBLISHED, never))?.formats.output.channels).toBe('grey');
});

describe('a network whose shape allows two layouts', () => {
  const ANY = ['n', 'a', 'b', 'c'];

  test('takes the one that the engine runs', async () => {
    const kernel = tensor('k', [3, 3, 1, 1], new Float32Array(9).fill(0.1));
    const nodes = [
      node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'k'], ['c'], {}),
      node('Transpose', ['c'], ['y'], { perm: [0, 2, 3, 1] }),
    ];
    const parts = { nodes, constants: [kernel], inputs: [value('x', ANY)], outputs: [value('y', ANY)] };
    const adapted = await adapt(Uint8Array.from(model(graphOf(parts))), PUBLISHED, never);
    expect(adapted?.formats.input.layout).toBe('NHWC');
    expect(adapted?.formats.output.layout).toBe('NHWC');
    expect((await readLook(adapted?.bytes ?? new Uint8Array())).info.pixels).toBe(256);
  });

  test('takes the one that is said', async () => {
    const bytes = chain([['Relu']], ANY);
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const adapted = await adapt(bytes, { ...PUBLISHED, layout }, never);
      expect(adapted?.layouts).toEqual(['NCHW', 'NHWC']);
      expect([adapted?.formats.input.layout, adapted?.formats.output.layout]).toEqual([layout, layout]);
    }
  });

  test('leaves no choice where the file fixes the channels', async () => {
    const adapted = await adapt(chain([['Relu']]), { ...PUBLISHED, layout: 'NHWC' }, never);
    expect([adapted?.layouts, adapted?.formats.input.layout]).toEqual([['NCHW'], 'NCHW']);
  });
});

test('names in the subgraph of a node are not made again', async () => {
  // The page reads no subgraph; ONNX Runtime does. A text of the same bytes is as unknown to it.
  const branch = (name: string) =>
    model(graphOf({ nodes: [node('Identity', ['x'], [name], {})], inputs: [], outputs: [value(name, [])] }));
  const text = new TextDecoder('latin1').decode(Uint8Array.from(branch('limner.before')));
  const nodes = [node('Unknown', ['x'], ['y'], { branch: text })];
  const parts = { nodes, inputs: [value('x', [1, 3, 8, 8])], outputs: [value('y', [1, 3, 8, 8])] };
  const said = { ...PUBLISHED, ranges: { input: '0..255', output: '0..255' } } as const;
  const adapted = await adapt(Uint8Array.from(model(graphOf(parts))), said, never);
  const made = readModel(adapted?.bytes ?? new Uint8Array()).nodes.flatMap(({ outputs }) => outputs);
  expect(made.filter(name => name.startsWith('limner.'))).toEqual([]);
  expect(made.some(name => name.startsWith('limner_.'))).toBe(true);
});

test('what is no ONNX file is left to others', async () => {
  expect(await adapt(new TextEncoder().encode('no network'), {}, never)).toBeNull();
});

describe('a trial', () => {
  const picture = greyOf(makeTestPicture(32, 32));
  const map = (change: (value: number) => number) =>
    picture.map(value => Math.min(Math.max(change(value), 0), 1));
  const all = () => ['0..1', '-1..1', '0..255'] as const;

  test('finds the range that gives a picture', () => {
    const flat = map(() => 0.4);
    const found = findRanges(
      new Map([
        ['0..1', [map(() => 1), flat, flat]],
        ['-1..1', [map(() => 1), flat, flat]],
        ['0..255', [map(() => 1), map(() => 1), picture]],
      ]),
      all,
      picture,
    );
    expect(found).toEqual({ ranges: { input: '0..255', output: '0..255' }, isSure: true });
  });

  test('keeps 0..1 where no other is clearly better', () => {
    const dim = map(value => 0.9 * value);
    const found = findRanges(
      new Map([
        ['0..1', [dim]],
        ['-1..1', [picture]],
      ]),
      () => ['0..1'],
      picture,
    );
    expect(found.ranges).toEqual({ input: '0..1', output: '0..1' });
    expect(found.isSure).toBe(false);
  });
});
