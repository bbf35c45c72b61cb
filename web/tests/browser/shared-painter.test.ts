// A painter that shares the weights of a training: what it paints is what a painter of the saved file paints.

import { afterEach, expect, test } from 'vitest';
import { createPainter, type Painter, type Precision, readLook } from '../../engine/index.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { int, ints, NodeWriter, text } from '../../engine/onnx/node-writer.ts';
import { adam, createTrainer, type Trainer } from '../../engine/training/index.ts';

const SIDE = 32;
const SHAPE = [1, 3, SIDE, SIDE];
const PIXELS = 3 * SIDE * SIDE;

/** Numbers in (-0.5, 0.5), the same at each call. */
const numbers = (count: number, from = 0): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (((i + from) * 0.618034) % 1) - 0.5);

const CONSTANTS: readonly (readonly [string, readonly number[], (value: number) => number])[] = [
  ['w1', [8, 3, 3, 3], value => value],
  ['b1', [8], value => value],
  ['scale', [8], value => 1 + value],
  ['shift', [8], value => value],
  ['w2', [8, 4, 3, 3], value => value],
  ['gamma', [8], value => 1 + value],
  ['beta', [8], value => value],
  ['mean', [8], value => value],
  ['variance', [8], value => 1 + value],
  ['wide', [8, 8, 3, 3], value => value / 2],
  ['w3', [8, 8, 4, 4], value => value / 2],
  ['b3', [8], value => value],
  ['w4', [3, 11, 1, 1], value => value],
  ['gain', [3, 1, 1], value => 1 + value],
];

/** A look with every kind of layer whose weights painters fold into others: norms, grouped and transposed convolutions,
 * one of a doubled picture, one of single pixels, and a factor for each channel. */
function look(): OnnxModel {
  const writer = new NodeWriter(['image', 'painting', ...CONSTANTS.map(([name]) => name)], 17);
  const pads = ints([1, 1, 1, 1]);
  const two = ints([2, 2]);
  const small = writer.add('Conv', ['image', 'w1', 'b1'], { kernel_shape: ints([3, 3]), pads, strides: two });
  const even = writer.add('Relu', [writer.add('InstanceNormalization', [small, 'scale', 'shift'])]);
  const grouped = writer.add('Conv', [even, 'w2'], {
    kernel_shape: ints([3, 3]),
    pads,
    strides: two,
    group: int(2),
  });
  const normed = writer.add('BatchNormalization', [grouped, 'gamma', 'beta', 'mean', 'variance']);
  const scales = writer.floats(Float32Array.of(1, 1, 2, 2), [4]);
  const doubled = writer.add('Resize', [writer.add('Relu', [normed]), '', scales], {
    mode: text('nearest'),
    coordinate_transformation_mode: text('asymmetric'),
    nearest_mode: text('floor'),
  });
  const mixedTwice = writer.add('Conv', [doubled, 'wide'], { kernel_shape: ints([3, 3]), pads });
  const large = writer.add('ConvTranspose', [writer.add('Relu', [mixedTwice]), 'w3', 'b3'], {
    kernel_shape: ints([4, 4]),
    pads,
    strides: two,
  });
  const both = writer.add('Concat', ['image', writer.add('Relu', [large])], { axis: int(1) });
  const mixed = writer.add('Conv', [both, 'w4'], { kernel_shape: ints([1, 1]) });
  writer.addNamed('painting', 'Sigmoid', [writer.add('Mul', [mixed, 'gain'])]);
  const constants = CONSTANTS.map(([name, dims, value]) => {
    const count = dims.reduce((all, dim) => all * dim, 1);
    return constantOf(name, dims, numbers(count, name.charCodeAt(0)).map(value));
  });
  return {
    size: 0,
    opset: 17,
    metadata: new Map([['limner.format', '1']]),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, ...constants.map(one => [one.name, one] as const)]),
    inputs: [{ name: 'image', type: 1, dims: SHAPE }],
    outputs: [{ name: 'painting', type: 1, dims: SHAPE }],
  };
}

const image = numbers(PIXELS).map(value => value + 0.5);
const target = numbers(PIXELS, 7).map(value => value + 0.5);
const batch = { image, target };

const made: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of made.splice(0)) one.destroy();
});
const kept = <T extends { destroy(): void }>(one: T): T => {
  made.push(one);
  return one;
};

/** A trainer that the test destroys. */
const train = (model: OnnxModel): Promise<Trainer> =>
  createTrainer(model, { loss: 'l1', optimizer: adam(), learningRate: 0.02, backend: 'webgpu' });

const share = async (trainer: Trainer, precision: Precision = 'float32'): Promise<Painter> =>
  kept(await trainer.createPainter({ canvas: new OffscreenCanvas(1, 1), precision }));

/** A painter of the file that the trainer saves. */
const fresh = async (trainer: Trainer, precision: Precision = 'float32'): Promise<Painter> =>
  kept(
    await createPainter(await readLook(await trainer.save()), {
      canvas: new OffscreenCanvas(1, 1),
      backend: 'webgpu',
      precision,
      upkeep: false,
    }),
  );

/** What they compute, and by how much they differ at most. */
async function compare(one: Painter, other: Painter): Promise<{ values: Float32Array; apart: number }> {
  const [{ painting: values = new Float32Array() }, { painting: expected }] = await Promise.all([
    one.run({ image }),
    other.run({ image }),
  ]);
  expect(values.length).toBe(PIXELS);
  return { values, apart: Math.max(...values.map((value, i) => Math.abs(value - (expected?.[i] ?? NaN)))) };
}

/** Halves keep 11 bits, and layers add their errors up. */
test.each([
  ['float32', 1e-6],
  ['float16', 5e-3],
] as const)('in %s it computes what was learned by the last step', async (precision, tolerance) => {
  const trainer = kept(await train(look()));
  const painter = await share(trainer, precision);
  let before: Float32Array = new Float32Array(PIXELS);
  for (const steps of [0, 1, 4]) {
    for (let i = 0; i < steps; i++) await trainer.step(batch);
    const { values, apart } = await compare(painter, await fresh(trainer, precision));
    expect(apart).toBeLessThanOrEqual(tolerance);
    expect(Math.max(...values.map((value, i) => Math.abs(value - (before[i] ?? 0))))).toBeGreaterThan(0.01);
    before = values;
  }
});

/** One convolution. */
function smallLook(): OnnxModel {
  const writer = new NodeWriter(['image', 'w1', 'b1', 'painting'], 17);
  const made = writer.add('Conv', ['image', 'w1', 'b1'], {
    kernel_shape: ints([3, 3]),
    pads: ints([1, 1, 1, 1]),
  });
  writer.addNamed('painting', 'Sigmoid', [made]);
  const constants = [constantOf('w1', [3, 3, 3, 3], numbers(81)), constantOf('b1', [3], numbers(3))];
  return {
    ...look(),
    nodes: writer.nodes,
    constants: new Map(constants.map(one => [one.name, one] as const)),
  };
}

function picture(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d');
  for (let i = 0; context && i < SIDE; i++) {
    context.fillStyle = `rgb(${8 * i} ${255 - 8 * i} 128)`;
    context.fillRect(i, 0, 1, SIDE);
  }
  return canvas;
}

function paintedBy(painter: Painter): number[] {
  painter.paint(picture());
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d');
  if (painter.canvas) context?.drawImage(painter.canvas, 0, 0);
  return Array.from(context?.getImageData(0, 0, SIDE, SIDE).data ?? []);
}

const PROTOTYPES = [
  'GPUDevice',
  'GPUQueue',
  'GPUBuffer',
  'GPUCommandEncoder',
  'GPUComputePassEncoder',
] as const;

/** Calls of WebGPU within `work`, by name. */
function countCalls(work: () => void): Map<string, number> {
  const counts = new Map<string, number>();
  const restore: (() => void)[] = [];
  for (const name of PROTOTYPES) {
    const { prototype } = globalThis[name];
    for (const [key, { value, ...rest }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value !== 'function' || key === 'constructor') continue;
      const counted = function (this: unknown, ...given: unknown[]) {
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return Reflect.apply(value, this, given);
      };
      Object.defineProperty(prototype, key, { ...rest, value: counted });
      restore.push(() => Object.defineProperty(prototype, key, { ...rest, value }));
    }
  }
  try {
    work();
  } finally {
    for (const undo of restore) undo();
  }
  return counts;
}

test('a frame makes nothing new and reads nothing, and sees every step', async () => {
  let files = 0;
  const trainer = kept(await train(smallLook()));
  const save = trainer.save.bind(trainer);
  trainer.save = () => {
    files += 1;
    return save();
  };
  const painter = await share(trainer);
  expect(files).toBe(1);
  let before = paintedBy(painter);
  const idle = countCalls(() => painter.paint(picture()));
  expect(idle.get('dispatchWorkgroups')).toBeGreaterThan(0);
  for (let step = 0; step < 3; step++) {
    await trainer.step(batch);
    const counts = countCalls(() => painter.paint(picture()));
    const created = [...counts.keys()].filter(key => /^(create|map|import|copyBufferToBuffer)/.test(key));
    // The picture, the canvas and their bind group are new with every frame, shared or not.
    expect(created.sort()).toEqual(['createBindGroup', 'createCommandEncoder']);
    expect(counts.get('createBindGroup')).toBe(1);
    const more = (key: string) => (counts.get(key) ?? 0) - (idle.get(key) ?? 0);
    expect([more('dispatchWorkgroups'), more('submit'), more('writeBuffer')]).toEqual([1, 1, 0]);
    const now = paintedBy(painter);
    expect(now).not.toEqual(before);
    before = now;
  }
  expect(files).toBe(1);
  const learned = await fresh(trainer);
  const expected = paintedBy(learned);
  expect(Math.max(...before.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))).toBeLessThanOrEqual(
    1,
  );
});

test('painting goes on with the last weights when the trainer is destroyed', async () => {
  const trainer = await train(smallLook());
  const painter = await share(trainer);
  await trainer.step(batch);
  const before = paintedBy(painter);
  trainer.destroy();
  expect(paintedBy(painter)).toEqual(before);
});

test('a page shows one painter for all steps', async () => {
  const trainer = kept(await train(smallLook()));
  const shown: Painter[] = [];
  let changes = 0;
  const follower = trainer.follow({
    read: readLook,
    make: () => Promise.reject(new Error('It shares no weights.')),
    shareOn: () => new OffscreenCanvas(1, 1),
    show: (painter: Painter) => {
      shown.push(kept(painter));
    },
    onChange: () => {
      changes += 1;
    },
  });
  await follower.start();
  for (let step = 0; step < 3; step++) await trainer.step(batch);
  expect([shown.length, changes]).toEqual([1, 3]);
  const [painter] = shown;
  const before = painter && paintedBy(painter);
  await trainer.restart();
  expect(changes).toBe(4);
  expect(painter && paintedBy(painter)).not.toEqual(before);
  follower.stop();
  await trainer.step(batch);
  expect(changes).toBe(4);
});

test('after a lost GPU, both come back', async () => {
  const devices: GPUDevice[] = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await Reflect.apply(requestDevice, this, given);
    devices.push(device);
    return device;
  };
  try {
    const trainer = kept(await train(smallLook()));
    const painter = await share(trainer);
    await trainer.step(batch);
    const before = paintedBy(painter);
    expect(devices.length).toBe(1);
    devices[0]?.destroy();
    await devices[0]?.lost;
    await expect.poll(() => devices.length).toBe(2);
    await expect.poll(() => paintedBy(painter)).toEqual(before);
    await trainer.step(batch);
    expect(paintedBy(painter)).not.toEqual(before);
    expect(devices.length).toBe(2);
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
});
