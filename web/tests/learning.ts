// What the page's panel “Learn” does, on any backend: a look that is fine-tuned, and a style from one painted frame.
// The pictures are generated: photos are smooth fields in the colours of a place, a clip is shapes that move over one.

import { expect, test } from 'vitest';
import { CpuExecutor } from '../engine/cpu/executor.ts';
import { lower } from '../engine/graph/lowering/lower.ts';
import { readLookInfo } from '../engine/index.ts';
import { constantOf } from '../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../engine/onnx/model.ts';
import { ints, NodeWriter, text } from '../engine/onnx/node-writer.ts';
import { writeModel } from '../engine/onnx/write-model.ts';
import { adam, createTrainer, type TrainingBackendName } from '../engine/training/index.ts';
import { wholePictures } from '../player/learning/batches.ts';
import { cutWindow, type Example, type Size } from '../player/learning/example.ts';
import type { Following } from '../player/learning/follower.ts';
import { randomNumbers } from '../player/learning/random.ts';
import { fineTuning, keyframeLearning, type LearningTask } from '../player/learning/task.ts';
import type { Painter } from '../player/painters/painter.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** A picture in which the light goes from one colour to another in smooth fields. */
export function drawPhoto(
  seed: number,
  { width, height }: Size,
  dark: Colour,
  light: Colour,
): Uint8ClampedArray {
  const random = randomNumbers(seed);
  const waves = Array.from({ length: 5 }, () => [random(), random(), random()].map(value => value - 0.5));
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    const sum = waves.reduce(
      (total, [a = 0, b = 0, c = 0]) => total + Math.sin(2 * Math.PI * (4 * a * x + 4 * b * y + c)),
      0,
    );
    const share = 1 / (1 + Math.exp(-sum));
    for (let i = 0; i < 3; i++)
      rgba[pixel * 4 + i] = (dark[i] ?? 0) + ((light[i] ?? 0) - (dark[i] ?? 0)) * share;
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

const MEADOW = [
  [20, 60, 30],
  [230, 240, 120],
] as const;
const DUSK = [
  [60, 20, 70],
  [255, 170, 120],
] as const;

const photo = (seed: number, size: Size, [dark, light]: readonly [Colour, Colour]): Example => {
  const shown = drawPhoto(seed, size, dark, light);
  return { ...size, shown, painted: shown };
};

const planesOf = (rgba: Uint8ClampedArray, size: Size): Float32Array => {
  const planes = new Float32Array(3 * size.width * size.height);
  cutWindow(rgba, size, { ...size, left: 0, top: 0, isMirrored: false }, size, planes, 0);
  return planes;
};

const LOOK: Size = { width: 32, height: 32 };

/** A small look with a grey guide. */
function smallLook(): OnnxModel {
  const writer = new NodeWriter(['image', 'painting', 'guide'], 17);
  const random = randomNumbers(7);
  const weights = new Map<string, ReturnType<typeof constantOf>>();
  const conv = (input: string, from: number, to: number, stride = 1) => {
    const name = `layer ${weights.size}`;
    const spread = Math.sqrt(3 / (9 * from));
    const values = Float32Array.from({ length: to * from * 9 }, () => spread * (2 * random() - 1));
    weights.set(`${name} weight`, constantOf(`${name} weight`, [to, from, 3, 3], values));
    weights.set(`${name} bias`, constantOf(`${name} bias`, [to], new Float32Array(to)));
    return writer.add('Conv', [input, `${name} weight`, `${name} bias`], {
      kernel_shape: ints([3, 3]),
      pads: ints([1, 1, 1, 1]),
      strides: ints([stride, stride]),
    });
  };
  const grey = writer.floats(Float32Array.of(0.299, 0.587, 0.114), [1, 3, 1, 1]);
  writer.addNamed('guide', 'Conv', ['image', grey]);
  const half = writer.add('Relu', [conv('guide', 1, 12, 2)]);
  const deep = writer.add('Relu', [conv(half, 12, 12)]);
  const scales = writer.floats(Float32Array.of(1, 1, 2, 2), [4]);
  const large = writer.add('Resize', [deep, '', scales], {
    mode: text('nearest'),
    coordinate_transformation_mode: text('asymmetric'),
    nearest_mode: text('floor'),
  });
  writer.addNamed('painting', 'Sigmoid', [conv(large, 12, 3)]);
  const value = (name: string, channels: number) => ({ name, type: 1, dims: [1, channels, 32, 32] });
  return {
    size: 0,
    opset: 17,
    metadata: new Map([
      ['limner.format', '1'],
      ['limner.name', 'Meadow'],
      ['limner.author', 'A. Painter'],
      ['limner.credit', 'Drawn by a test'],
      ['limner.guide', 'grey'],
      ['limner.figures', '{"parameters": 1000, "parity": []}'],
    ]),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, ...weights]),
    inputs: [value('image', 3)],
    outputs: [value('painting', 3), value('guide', 1)],
  };
}

/** The file after some steps of a task, and the losses. */
async function learn(task: LearningTask, backend: TrainingBackendName, steps: number, count: number) {
  const losses: number[] = [];
  const trainer = await createTrainer(task.model, {
    loss: 'l1',
    optimizer: adam(),
    learningRate: task.learningRate,
    batch: count,
    backend,
    onLosses: (_, values) => losses.push(...values),
  });
  const nextBatch = (step: number) => {
    const { shown, painted } = task.makeBatch(step, count);
    return { [task.picture]: shown, [trainer.target]: painted };
  };
  await trainer.runUntil(nextBatch, { steps });
  const bytes = await task.write(trainer);
  trainer.destroy();
  return { bytes, losses };
}

/** What a file paints, on the CPU. */
export async function paintWithEngine(bytes: Uint8Array, image: Float32Array): Promise<Float32Array> {
  const executor = new CpuExecutor(await lower(readModel(bytes)));
  executor.array('image').set(image);
  executor.run();
  return Float32Array.from(executor.array('painting'));
}

const meanDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? Number.NaN)), 0) / a.length;

/** A page whose paintings follow a training without being painted. */
export const followedBy = (show: () => void): Following => ({
  every: 0,
  read: async file => ({ info: await readLookInfo(file), refusal: '' }),
  make: async () => ({}) as Painter,
  shareOn: () => null,
  show,
});

export const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

const psnr = (a: Float32Array, b: Float32Array): number => {
  const square = a.reduce((sum, value, i) => {
    const inRange = Math.min(1, Math.max(0, value));
    return sum + (inRange - (b[i] ?? Number.NaN)) ** 2;
  }, 0);
  return 10 * Math.log10(a.length / square);
};

/** What a file paints of a picture of this size, computed by something that did not train it. */
type Paint = (bytes: Uint8Array, image: Float32Array, size: Size) => Promise<Float32Array>;

export interface Goals {
  /** The loss of held-out photos falls by this part in so many steps. The base look learns for as many before. */
  readonly fineTuning: { readonly steps: number; readonly fall: number };
  /** Steps in which frames come 6 dB nearer to the style. */
  readonly keyframe: number;
}

export function testLearning(backend: TrainingBackendName, goals: Goals, paint: Paint): void {
  const { steps, fall } = goals.fineTuning;

  test(`fine-tuning on 20 photos lowers the held-out L1 by ${100 * fall} %`, async () => {
    const photos = (first: number, count: number, colours: readonly [Colour, Colour]) =>
      Array.from({ length: count }, (_, i) => photo(first + i, { width: 42, height: 44 }, colours));
    const texts = () => ({ name: 'Meadow', from: 'Fine-tuned in the page on 20 pictures' });
    const untrained = { bytes: writeModel(smallLook()), size: LOOK, texts };
    const first = { ...fineTuning(untrained, photos(0, 20, MEADOW), true), learningRate: 2e-3 };
    const before = (await learn(first, backend, steps, 2)).bytes;
    const task = {
      ...fineTuning({ ...untrained, bytes: before }, photos(100, 20, DUSK), true),
      learningRate: 2e-3,
    };
    const { bytes: after } = await learn(task, backend, steps, 2);
    const heldOut = wholePictures(photos(200, 8, DUSK), LOOK, false)(0, 8).painted;
    let [was, is] = [0, 0];
    for (let nth = 0; nth < 8; nth++) {
      const image = heldOut.slice(nth * 3072, (nth + 1) * 3072);
      was += meanDifference(await paint(before, image, LOOK), image);
      is += meanDifference(await paint(after, image, LOOK), image);
    }
    console.log(
      `held-out L1 ${(was / 8).toFixed(4)} -> ${(is / 8).toFixed(4)} after ${steps} steps on ${backend}`,
    );
    expect(is).toBeLessThan((1 - fall) * was);
  });

  test('frames come 6 dB nearer to a style that one painted frame shows', async () => {
    const size: Size = { width: 96, height: 64 };
    const frame = (time: number) => {
      const rgba = drawPhoto(5, size, [40, 70, 110], [210, 220, 200]);
      for (let pixel = 0; pixel < size.width * size.height; pixel++) {
        const [x, y] = [pixel % size.width, Math.floor(pixel / size.width)];
        if (Math.hypot(x - 20 - 6 * time, y - 30 - 8 * Math.sin(time)) < 14)
          rgba.set([200, 60, 50], pixel * 4);
        if (Math.abs(x - 70 + 4 * time) < 8 && Math.abs(y - 40) < 12) rgba.set([240, 200, 60], pixel * 4);
      }
      return rgba;
    };
    /** Other colours for the same things, which no change of all colours together makes. */
    const recolour = (rgba: Uint8ClampedArray) =>
      rgba.map((_, i) => {
        const [red = 0, green = 0, blue = 0] = rgba.subarray(i & ~3, (i & ~3) + 3);
        return [255 - blue, Math.abs(red - green) + 40, (red + green) / 3, 255][i & 3] ?? 0;
      });
    const example = (time: number): Example => ({
      ...size,
      shown: frame(time),
      painted: recolour(frame(time)),
    });
    const task = keyframeLearning(size, [example(0)], () => ({ name: 'Style', from: 'One frame' }));
    const { bytes, losses } = await learn(task, backend, goals.keyframe, 4);
    expect(losses).toHaveLength(goals.keyframe);
    for (const time of [2, 5, 8]) {
      const { shown, painted } = example(time);
      const [image, target] = [planesOf(shown, size), planesOf(painted, size)];
      const painting = await paint(bytes, image, size);
      const gained = psnr(painting, target) - psnr(image, target);
      console.log(
        `frame ${time}: ${psnr(image, target).toFixed(1)} -> ${psnr(painting, target).toFixed(1)} dB after ${goals.keyframe} steps on ${backend}`,
      );
      expect(gained).toBeGreaterThan(6);
    }
  });
}
