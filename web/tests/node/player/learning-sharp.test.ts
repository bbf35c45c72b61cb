// “Sharper” in the panel: a look whose guide hides the grain of its pictures paints their mean by L1 alone, and grain with
// a discriminator. The pictures are generated: grass in a light that changes smoothly. What two networks that work against
// each other paint sways from step to step, so figures are means over several steps of two trainings.

import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import type { OnnxModel } from '../../../engine/onnx/model.ts';
import { ints } from '../../../engine/onnx/node-writer.ts';
import { writeModel } from '../../../engine/onnx/write-model.ts';
import { wholePictures } from '../../../player/learning/batches.ts';
import type { Example } from '../../../player/learning/example.ts';
import { Layers } from '../../../player/learning/layers.ts';
import { randomNumbers } from '../../../player/learning/random.ts';
import { Session } from '../../../player/learning/session.ts';
import { fineTuning } from '../../../player/learning/task.ts';
import { followedBy, paintWithEngine } from '../../learning.ts';

const SIDE = 24;
const SIZE = { width: SIDE, height: SIDE };
const HELD_OUT = 4;
/** Pixels along the border. */
const MARGIN = 4;
/** Of the look's weights before it learns. */
const SEEDS = [3, 4];
/** Steps after which it paints. */
const STOPS = [240, 270, 300];

/** Blades at random places, as light as what is behind them makes them. */
function drawGrass(seed: number): Example {
  const side = 30;
  const random = randomNumbers(seed);
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  const [a, b, c] = [6 * random(), 6 * random(), 4 * random()];
  const light = (x: number, y: number) =>
    0.55 + 0.35 * Math.sin(a + (4 * x) / side + 2 * Math.sin(b + (3 * y) / side + c));
  const draw = (x: number, y: number, tone: number) => {
    const value = tone * light(x, y);
    rgba.set([40 + 110 * value, 60 + 150 * value, 30 + 50 * value], (y * side + x) * 4);
  };
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) draw(x, y, 0.4);
  for (let blade = 0; blade < side ** 2 / 12; blade++) {
    const [x, y, lean, tone] = [side * random(), side * random(), 0.8 * (random() - 0.5), 0.5 + random()];
    for (let t = 0; t < 6; t++) {
      const [column, row] = [Math.floor(x + lean * t), Math.floor(y - t)];
      if (column >= 0 && column < side && row >= 0) draw(column, row, tone);
    }
  }
  return { width: side, height: side, shown: rgba, painted: rgba };
}

/** A look that sees means over 4 x 4 pixels, and paints all else. */
function softLook(seed: number): OnnxModel {
  const layers = new Layers(['image', 'painting', 'guide'], seed);
  const { writer } = layers;
  const grey = writer.add('Conv', ['image', writer.floats(Float32Array.of(0.3, 0.6, 0.1), [1, 3, 1, 1])]);
  writer.addNamed('guide', 'AveragePool', [grey], { kernel_shape: ints([4, 4]), strides: ints([4, 4]) });
  let features = layers.relu(layers.conv('first', 'guide', 1, 16), 0.2);
  features = layers.relu(layers.conv('second', layers.double(features), 16, 12), 0.2);
  features = layers.relu(layers.conv('third', layers.double(features), 12, 8), 0.2);
  writer.addNamed('painting', 'Sigmoid', [layers.conv('last', features, 8, 3, { gain: 0.1 })]);
  const model = layers.model(SIZE, ['painting', 'guide']);
  return {
    ...model,
    nodes: model.nodes.map((node, i) => (i < 2 ? { ...node, name: `guide.${i}` } : node)),
    outputs: model.outputs.map(value =>
      value.name === 'guide' ? { ...value, dims: [1, 1, SIDE / 4, SIDE / 4] } : value,
    ),
    metadata: new Map([
      ['limner.format', '1'],
      ['limner.guide', 'grey'],
    ]),
  };
}

const meadow = Array.from({ length: 20 }, (_, i) => drawGrass(i));
const heldOut = wholePictures(
  Array.from({ length: HELD_OUT }, (_, i) => drawGrass(100 + i)),
  SIZE,
  false,
)(0, HELD_OUT).painted;
const AREA = 3 * SIDE ** 2;
const picture = (all: Float32Array, i: number) => all.subarray(i * AREA, (i + 1) * AREA);

/** The files after so many steps. */
async function learn(bytes: Uint8Array, learningRate: number, stops: readonly number[], isSharp: boolean) {
  const texts = () => ({ name: 'Meadow', from: '20 pictures' });
  const task = { ...fineTuning({ bytes, size: SIZE, texts }, meadow, true), learningRate };
  const onError = (sentence: string) => {
    throw new Error(sentence);
  };
  const session: Session = new Session(
    {
      ...task,
      batch: { gpu: 1, cpu: 1 },
      makeBatch(step, count) {
        if (stops.includes(step + 1)) session.pause(); // after this step
        return task.makeBatch(step, count);
      },
    },
    { onChange: () => undefined, onError },
    { ...followedBy(() => undefined), every: Number.POSITIVE_INFINITY },
    isSharp,
  );
  const learned: Uint8Array[] = [];
  for (const steps of stops) {
    await session.learn();
    expect(session.losses).toHaveLength(steps);
    learned.push(await session.save());
  }
  session.destroy();
  return learned;
}

/** Paintings of the held-out pictures. */
async function paintAll(bytes: Uint8Array): Promise<Float32Array> {
  const all = new Float32Array(HELD_OUT * AREA);
  for (let i = 0; i < HELD_OUT; i++) {
    all.set(await paintWithEngine(bytes, picture(heldOut, i).slice()), i * AREA);
  }
  return all;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;

/** Mean difference of neighbours in a row, away from the border, along which padding draws lines. */
const detail = (all: Float32Array): number => {
  const isInner = (at: number) => at >= MARGIN && at < SIDE - MARGIN;
  const places = [...all.keys()].filter(i => isInner((i % SIDE) - 1) && isInner(i % SIDE));
  const inner = places.filter(i => isInner(Math.floor(i / SIDE) % SIDE));
  return mean(inner.map(i => Math.abs((all[i] ?? 0) - (all[i - 1] ?? 0))));
};

/** One row for each set of paintings, four times as large. */
function drawSheet(rows: readonly Float32Array[]): Uint8Array {
  const [scale, cell] = [4, 4 * SIDE + 4];
  const sheet = new PNG({ width: HELD_OUT * cell, height: rows.length * cell });
  for (const [row, all] of rows.entries()) {
    for (let i = 0; i < HELD_OUT * (scale * SIDE) ** 2; i++) {
      const [nth, at] = [Math.floor(i / (scale * SIDE) ** 2), i % (scale * SIDE) ** 2];
      const [x, y] = [at % (scale * SIDE), Math.floor(at / (scale * SIDE))];
      const from = Math.floor(y / scale) * SIDE + Math.floor(x / scale);
      const to = ((row * cell + y) * sheet.width + nth * cell + x) * 4;
      for (let c = 0; c < 3; c++) sheet.data[to + c] = 255 * (picture(all, nth)[c * SIDE ** 2 + from] ?? 0);
      sheet.data[to + 3] = 255;
    }
  }
  return PNG.sync.write(sheet);
}

test('paintings get grain, and stay near to their pictures', async () => {
  const soft: Float32Array[] = [];
  const sharp: Float32Array[] = [];
  for (const seed of SEEDS) {
    const [base = Uint8Array.of()] = await learn(writeModel(softLook(seed)), 5e-3, [150], false);
    for (const file of await learn(base, 1e-3, STOPS, false)) soft.push(await paintAll(file));
    for (const file of await learn(base, 1e-3, STOPS, true)) sharp.push(await paintAll(file));
  }
  const of = (all: readonly Float32Array[]) => ({
    l1: mean(all.map(one => meanDifference(one, heldOut))),
    detail: mean(all.map(detail)),
  });
  const [was, is, photo] = [of(soft), of(sharp), of([heldOut])];
  console.log('L1 alone', was, 'sharper', is, 'pictures', photo);
  const sheet = process.env.LIMNER_SHEET;
  if (sheet) writeFileSync(sheet, drawSheet([heldOut, ...soft, ...sharp]));
  expect(was.detail).toBeLessThan(0.4 * photo.detail);
  expect(is.detail).toBeGreaterThan(1.5 * was.detail);
  expect(is.detail).toBeLessThan(photo.detail);
  expect(is.l1).toBeLessThan(1.3 * was.l1);
});
