// What the page makes of another program's network; tests/e2e/test_strangers.py drives the same in Chromium.

import { describe, expect, test } from 'vitest';
import { readLook } from '../../../engine/index.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { adapt, PUBLISHED } from '../../../player/painters/format/adapt.ts';
import { PROPERTY } from '../../../player/painters/format/conversion.ts';
import { Ends } from '../../../player/painters/format/hints.ts';
import { describeOutputs } from '../../../player/painters/format/network-kind.ts';
import { findRanges, greyOf, makeTestPicture } from '../../../player/painters/format/trial.ts';
import { graphOf, model, node, tensor, value } from '../../onnx.ts';

type Step = readonly [op: string, ...constants: (number | readonly number[])[]];

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

const ends = (...steps: Step[]) => new Ends(readModel(chain(steps)), 'x', 'y');
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

test('a network of any size has sizes to choose from, and takes the one that is chosen', async () => {
  const bytes = chain([['Relu']], [1, 3, 'h', 'w']);
  const adapted = await adapt(bytes, PUBLISHED, never);
  expect([adapted?.bytes, adapted?.pixels]).toEqual([bytes, 256]);
  expect(adapted?.sizes).toEqual([128, 192, 256, 320, 384, 512]);
  const small = await adapt(bytes, { ...PUBLISHED, pixels: 96 }, never);
  expect((await readLook(small?.bytes ?? new Uint8Array())).info.pixels).toBe(96);
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
])('an output %s of %j', (name, dims, sentence) => {
  expect(describeOutputs([{ name, dims }])).toContain(sentence);
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
