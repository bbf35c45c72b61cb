// A painter that shares the weights of a training: what it paints is what a painter of the saved file paints.

import { afterEach, expect, test } from 'vitest';
import { createPainter, type Painter, type Precision, readLook } from '../../engine/index.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { int, ints, NodeWriter } from '../../engine/onnx/node-writer.ts';
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
  ['w3', [8, 8, 4, 4], value => value / 2],
  ['b3', [8], value => value],
  ['w4', [3, 11, 1, 1], value => value],
  ['gain', [3, 1, 1], value => 1 + value],
];

/** A look with every kind of layer whose weights painters fold into others: norms, grouped and transposed convolutions,
 * one of single pixels, and a factor for each channel. */
function look(): OnnxModel {
  const writer = new NodeWriter(['image', 'painting', ...CONSTANTS.map(([name]) => name)], 17);
  const pads = ints([1, 1, 1, 1]);
  const two = ints([2, 2]);
  const small = writer.add('Conv', ['image', 'w1', 'b1'], { kernel_shape: ints([3, 3]), pads, strides: two });
  const even = writer.add('Relu', [writer.add('InstanceNormalization', [small, 'scale', 'shift'])]);
  const grouped = writer.add('Conv', [even, 'w2'], { kernel_shape: ints([3, 3]), pads, group: int(2) });
  const normed = writer.add('BatchNormalization', [grouped, 'gamma', 'beta', 'mean', 'variance']);
  const large = writer.add('ConvTranspose', [writer.add('Relu', [normed]), 'w3', 'b3'], {
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
    constants: new Map(constants.map(one => [one.name, one] as const)),
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

async function train(options: Partial<Parameters<typeof createTrainer>[1]> = {}): Promise<Trainer> {
  const common = { loss: 'l1', optimizer: adam(), learningRate: 0.02, backend: 'webgpu' } as const;
  return kept(await createTrainer(look(), { ...common, snapshotEvery: 1000, ...options }));
}

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
  const trainer = await train();
  const painter = await share(trainer, precision);
  let before = new Float32Array(PIXELS);
  for (const steps of [0, 1, 4]) {
    for (let i = 0; i < steps; i++) await trainer.step(batch);
    const { values, apart } = await compare(painter, await fresh(trainer, precision));
    console.log(`${precision}, ${steps} more steps: ${apart.toExponential(2)} apart`);
    expect(apart).toBeLessThanOrEqual(tolerance);
    expect(Math.max(...values.map((value, i) => Math.abs(value - (before[i] ?? 0))))).toBeGreaterThan(0.01);
    before = values;
  }
});
