// Activations in float16: close to ONNX Runtime's float32, with the same kernels and half the memory.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPainter, type Look, type Precision, readLook, readModel } from '../../engine/index.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { isSoftware, requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { GPU_CONFIG, SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { largestDifference } from '../compare.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { graphOf, model, node, value } from '../onnx.ts';
import { expectCanvasAsRun, look } from '../scene.ts';
import { tinyLook } from '../tiny.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const listed: { name: string; live: Record<string, number> }[] = await (await fetch('/looks.json')).json();

/** The peak signal-to-noise ratio in decibels, for values from 0 to 1. */
function signalToNoise(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const squares = expected.reduce((sum, value, i) => sum + (value - (actual[i] ?? Number.NaN)) ** 2, 0);
  return -10 * Math.log10(squares / expected.length);
}

test.each([
  'lean-64-uint16-colour',
  'lean-64-float16-edges',
  'small-256-uint8-soft',
  'medium-256-uint8-soft',
])('%s in float16 is close to the output of ONNX Runtime', async name => {
  const painter = await createPainter(await look(name), { device, precision: 'float16' });
  const scalars = Object.entries(listed.find(entry => entry.name === name)?.live ?? {}).map(
    ([key, scalar]) => [key, Float32Array.of(scalar)] as const,
  );
  const outputs = await painter.run({
    image: await fetchFloats(`${name}.image`),
    ...Object.fromEntries(scalars),
  });
  const painting = signalToNoise(
    outputs.painting ?? new Float32Array(),
    await fetchFloats(`${name}.painting`),
  );
  const guide = signalToNoise(outputs.guide ?? new Float32Array(), await fetchFloats(`${name}.guide`));
  console.log(name, 'dB', JSON.stringify({ painting, guide }));
  painter.destroy();
  expect(painting).toBeGreaterThanOrEqual(45);
  expect(guide).toBeGreaterThanOrEqual(45);
  // If it were exact to float32, the test would not have used float16.
  expect(painting).toBeLessThan(110);
});

test.each([
  ['fast-neural-style', 48, 32],
  ['tensorflow', 10, 14],
  ['group-operator', 10, 14],
  ['layer-of-pictures', 10, 14],
  ['layer-of-channels-8', 10, 14],
] as const)('%s, which normalizes values up to 255, is close in float16', async (name, height, width) => {
  const batch = name.startsWith('layer') ? 2 : 1;
  const opened = await readModel(await fetchBytes(`${name}.onnx`), { dims: { batch, height, width } });
  const painter = await createPainter(opened, { device, precision: 'float16' });
  const { out = new Float32Array() } = await painter.run({ image: await fetchFloats(`${name}.input`) });
  painter.destroy();
  const difference = largestDifference(out, await fetchFloats(`${name}.output`));
  expect(difference).toBeLessThan(0.02);
  // If it were exact to float32, the test would not have used float16.
  expect(difference).toBeGreaterThan(1e-4);
});

test('a flat wall has its shade, though half floats do not resolve its variance', async () => {
  const model = await look('lean-256-uint8-levels');
  const painter = await createPainter(model, { device, precision: 'float16' });
  const exact = await createPainter(model, { device, precision: 'float32' });
  // Rounded to half floats, the variance of walls of these shades comes out below 0.
  for (const shade of [6, 16, 30, 47, 152, 169, 183].map(step => step / 199)) {
    const image = new Float32Array(3 * 65_536).fill(shade);
    const { guide = new Float32Array() } = await painter.run({ image });
    const expected = (await exact.run({ image })).guide ?? new Float32Array();
    const difference = guide.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 2))),
      0,
    );
    expect(difference, `shade ${shade}`).toBeLessThan(0.01); // false for NaN
  }
  painter.destroy();
  exact.destroy();
});

test('a picture far out of range gives finite values', async () => {
  const painter = await createPainter(await look('lean-64-uint16-colour'), { device, precision: 'float16' });
  for (const scale of [1e4, -1e4]) {
    const image = Float32Array.from({ length: 3 * 4096 }, (_, i) => ((i % 61) / 60) * scale);
    const { painting = new Float32Array(), guide = new Float32Array() } = await painter.run({ image });
    expect(painting).toHaveLength(3 * 4096);
    expect([...painting, ...guide].every(Number.isFinite)).toBe(true);
  }
  painter.destroy();
});

test('values beyond the range of float16 are clamped to its largest value', async () => {
  const shape = [1, 5, 1, 1];
  const graph = graphOf({
    nodes: [node('Mul', ['x', 'x'], ['square'], {}), node('Mul', ['square', 'x'], ['y'], {})],
    inputs: [value('x', shape)],
    outputs: [value('square', shape), value('y', shape)],
  });
  const painter = await createPainter(await readModel(model(graph)), { device, precision: 'float16' });
  const { square, y } = await painter.run({ x: Float32Array.of(-1e4, -0.5, 0, 3, 1e4) });
  expect(square).toEqual(Float32Array.of(65504, 0.25, 0, 9, 65504));
  expect(y).toEqual(Float32Array.of(-65504, -0.125, 0, 27, 65504));
  painter.destroy();
});

/** Bytes of the buffers of activations, bytes of the other buffers, and the other statistics of a painter. */
async function costOf(opened: Look, precision?: Precision) {
  const values: number[] = [];
  const createBuffer = device.createBuffer;
  device.createBuffer = function (descriptor) {
    if (descriptor.label?.startsWith('values')) values.push(descriptor.size);
    return createBuffer.call(this, descriptor);
  };
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(opened, { device, canvas, ...(precision && { precision }) });
  device.createBuffer = createBuffer;
  const { bufferBytes, ...rest } = painter.statistics;
  painter.destroy();
  return { values, others: bufferBytes - values.reduce((a, b) => a + b, 0), rest };
}

test('activations take half the memory, and a frame as many kernels', async () => {
  const opened = await look('small-256-uint8-soft');
  const [single, half] = [await costOf(opened, 'float32'), await costOf(opened, 'float16')];
  console.log('bytes of values', JSON.stringify([single.values, half.values]));
  expect(single.values.length).toBeGreaterThan(2);
  expect(half).toEqual({ ...single, values: single.values.map(bytes => bytes / 2) });
});

test('a software GPU uses float32 by default', async () => {
  const opened = await readLook(tinyLook());
  const half = isSoftware(device) || !device.features.has('shader-f16') ? 'float32' : 'float16';
  expect(await costOf(opened)).toEqual(await costOf(opened, half));
});

test.each([
  ['lean-256-uint8-soft', SOFTWARE_CONFIG],
  ['lean-64-uint16-colour', GPU_CONFIG],
])('the canvas shows what run() gives for %s in float16, too', async (name, config) => {
  const canvas = new OffscreenCanvas(1, 1);
  const settings = { canvas, onLost: () => undefined, precision: 'float16' as const };
  const painter = await createWebgpuPainter(await look(name), settings, device, {
    defaultConfig: () => config,
    idle: async () => false,
    storage: { read: () => null, write: () => undefined },
  });
  await expectCanvasAsRun(painter, canvas);
  painter.destroy();
});
