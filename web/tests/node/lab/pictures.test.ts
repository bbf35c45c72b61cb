// The pictures of the tabs Digits and Pictures: drawn, read from idx files, moved, and centred as MNIST has them.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { batchOf, writeShifted } from '../../../lab/data/batch-values.ts';
import { inkOfPaper, shapeDigit } from '../../../lab/data/digit-shape.ts';
import { drawnDigits } from '../../../lab/data/drawn-digits.ts';
import { drawnShapes } from '../../../lab/data/drawn-shapes.ts';
import { packedExamples, splitExamples } from '../../../lab/data/examples.ts';
import { readIdx, taskOfIdx } from '../../../lab/data/idx.ts';

const CLASSES = Array.from({ length: 10 }, (_, i) => String(i));

function idxFile(dims: readonly number[], values: readonly number[]): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  head.setUint32(0, 0x0800 | dims.length);
  for (const [i, dim] of dims.entries()) head.setUint32(4 + 4 * i, dim);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...values]);
}

const pictures = (count: number, side: number) =>
  idxFile(
    [count, side, side],
    Array.from({ length: count * side * side }, (_, i) => i % 256),
  );
const labels = (count: number) =>
  idxFile(
    [count],
    Array.from({ length: count }, (_, i) => i % 10),
  );
const asBlob = (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)]);

test('drawn digits are white on black, the same for the same seed, and apart for training and test', () => {
  const [one, other] = [drawnDigits(), drawnDigits()];
  for (let i = 0; i < 30; i++) {
    const { values, side, channels } = one.train.picture(i);
    expect([side, channels, values.length]).toEqual([28, 1, 784]);
    expect(other.train.picture(i).values).toEqual(values);
    expect(one.test.picture(i).values).not.toEqual(values);
    const ink = values.reduce((sum, value) => sum + value, 0) / 255;
    expect(ink).toBeGreaterThan(30);
    expect(ink).toBeLessThan(230);
    // Nothing runs out of the picture.
    expect(Math.max(...values.subarray(0, 28), ...values.subarray(756))).toBeLessThan(128);
  }
  expect(one.train.label(13)).toBe(3);
});

test('drawn shapes have ten classes in colour', () => {
  const { train, classes } = drawnShapes();
  expect(classes).toHaveLength(10);
  for (let i = 0; i < 20; i++) {
    const { values, side, channels } = train.picture(i);
    expect([side, channels, values.length]).toEqual([32, 3, 3072]);
    expect(new Set(values).size).toBeGreaterThan(20);
  }
});

test('idx files are read packed or not, and matched with their labels by size', async () => {
  const files = [labels(20), pictures(20, 28), pictures(6, 28), labels(6)];
  const arrays = await Promise.all(
    files.map((file, i) => readIdx(asBlob(i % 2 === 0 ? gzipSync(file) : file), `file ${i}`)),
  );
  const task = taskOfIdx(arrays, 'own', CLASSES);
  expect([task.train.count, task.test.count]).toEqual([20, 6]);
  expect(task.train.picture(1).values[0]).toBe(784 % 256);
  expect(task.test.label(5)).toBe(5);
  const alone = taskOfIdx(arrays.slice(0, 2), 'own', CLASSES);
  expect([alone.train.count, alone.test.count]).toEqual([16, 4]);
  expect(alone.test.label(0)).toBe(4);
});

test('bad idx files get a sentence', async () => {
  await expect(readIdx(asBlob(Uint8Array.of(1, 2, 3)), 'a.idx')).rejects.toThrow('a.idx is no idx file');
  await expect(readIdx(asBlob(pictures(2, 28).subarray(0, 900)), 'b.idx')).rejects.toThrow('cut off');
  const read = (...files: Uint8Array[]) => Promise.all(files.map(file => readIdx(asBlob(file), 'x')));
  expect(() => taskOfIdx([], 'x', CLASSES)).toThrow('no pictures');
  const [other, wrong, alone] = await read(labels(3), pictures(3, 10), pictures(5, 28));
  if (!other || !wrong || !alone) throw new Error('not read');
  expect(() => taskOfIdx([wrong, other], 'x', CLASSES)).toThrow('10 x 10');
  expect(() => taskOfIdx([alone, other], 'x', CLASSES)).toThrow('have no labels');
  const [many] = await read(idxFile([3], [0, 4, 12]));
  const [three] = await read(pictures(3, 28));
  if (!many || !three) throw new Error('not read');
  expect(() => taskOfIdx([three, many], 'x', CLASSES)).toThrow('beyond 9');
});

test('pictures are shifted, mirrored at the edge, and flipped', () => {
  const row = Uint8Array.from({ length: 9 }, (_, i) => i * 10);
  const picture = { side: 3, channels: 1, values: row };
  const made = new Float32Array(9);
  const shift = (across: number, down: number, isFlipped: boolean) => {
    writeShifted(made, 0, picture, [across, down, isFlipped]);
    return Array.from(made, value => Math.round(value * 255));
  };
  expect(shift(0, 0, false)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80]);
  expect(shift(1, 0, false).slice(0, 3)).toEqual([10, 0, 10]);
  expect(shift(0, -1, false).slice(0, 6)).toEqual([30, 40, 50, 60, 70, 80]);
  expect(shift(0, 0, true).slice(0, 3)).toEqual([20, 10, 0]);
});

test('what is done to a picture depends on the seed, the epoch and the picture alone', () => {
  const { train } = drawnShapes();
  const at = (epoch: number, ...chosen: number[]) =>
    batchOf(train, Uint32Array.from(chosen), { seed: 3, epoch, flips: true });
  const both = at(0, 4, 9);
  expect(both.subarray(3072)).toEqual(at(0, 9));
  expect(at(1, 9)).not.toEqual(at(0, 9));
  expect(batchOf(train, Uint32Array.of(9), null)[5]).toBeCloseTo((train.picture(9).values[5] ?? 0) / 255, 6);
});

test('a drawn digit of any size and place is centred as MNIST’s are', () => {
  const side = 112;
  const bar = (left: number, top: number, wide: number, tall: number) =>
    Float32Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return x >= left && x < left + wide && y >= top && y < top + tall ? 1 : 0;
    });
  const [large, small] = [shapeDigit(bar(10, 5, 20, 100), side), shapeDigit(bar(80, 60, 8, 40), side)];
  expect(small?.values).toEqual(large?.values);
  const rows = Array.from({ length: 28 }, (_, row) =>
    Math.max(...(large?.values.subarray(row * 28, row * 28 + 28) ?? [])),
  );
  expect(rows.findIndex(value => value > 128)).toBe(4);
  expect(rows.findLastIndex(value => value > 128)).toBe(23);
  expect(shapeDigit(new Float32Array(side * side), side)).toBeNull();
});

test('dark strokes on paper are ink, whatever the light', () => {
  for (const light of [0.4, 0.9]) {
    const paper = Float32Array.from({ length: 100 }, (_, i) => (i < 10 ? light * 0.3 : light));
    const ink = inkOfPaper(paper);
    expect([ink[0], ink[50]]).toEqual([1, 0]);
  }
});

test('every fifth picture is kept for the test', () => {
  const all = packedExamples(
    new Uint8Array(10 * 4),
    Uint8Array.from({ length: 10 }, (_, i) => i),
    {
      side: 2,
      channels: 1,
    },
  );
  const { train, test: kept } = splitExamples(all);
  expect([train.count, kept.count, kept.label(1)]).toEqual([8, 2, 9]);
});
