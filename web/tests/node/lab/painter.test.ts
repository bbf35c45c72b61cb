// The painter's networks: as models for the engine, as their own arithmetic, and as settings of an address.

import { describe, expect, test } from 'vitest';
import { CpuExecutor } from '../../../engine/cpu/executor.ts';
import { lower } from '../../../engine/graph/lowering/lower.ts';
import { bindDims } from '../../../engine/onnx/free-dims.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { adam, createTrainer } from '../../../engine/training/index.ts';
import { makeCppn, weightsOfPath } from '../../../lab/painter/cppn.ts';
import { activationsOf, placesOf } from '../../../lab/painter/evaluate.ts';
import { exportedShader, tablePicture } from '../../../lab/painter/exported-shader.ts';
import {
  buildModel,
  countParameters,
  drawWeights,
  gridNames,
  KINDS,
  learnedLayers,
  makeNetwork,
  namesOf,
  type PixelNetwork,
  type Weights,
} from '../../../lab/painter/network.ts';
import { saveNetwork } from '../../../lab/painter/network-file.ts';
import { Perceptron } from '../../../lab/painter/perceptron.ts';
import { asNetwork } from '../../../lab/painter/perceptron-network.ts';
import { planesOf, SQUASHES } from '../../../lab/painter/pixels.ts';
import { makeSettings, rateOf, sizeOf } from '../../../lab/painter/settings.ts';
import { packWeights, showingShader } from '../../../lab/painter/shader.ts';
import { largestDifference } from '../../compare.ts';

const SIDE = 16;
const WHOLE = [-1, -1, 1, 1] as const;

async function computed(network: PixelNetwork, weights: Weights, places: Float32Array): Promise<number[]> {
  const model = buildModel(network, weights, SIDE, SIDE);
  const executor = new CpuExecutor(await lower(model));
  executor.array('xy').set(places);
  executor.run();
  return [...executor.array(model.outputs[0]?.name ?? '')];
}

describe.each(KINDS)('a %s network', kind => {
  const network = makeNetwork({ kind, depth: 2, width: 13, act: 'tanh' });
  const weights = drawWeights(network, 4);
  const places = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);

  test('is the same in the engine and in its own arithmetic', async () => {
    const own = activationsOf(network, weights, places, SIDE * SIDE).at(-1) ?? new Float32Array();
    const made = await computed(network, weights, places);
    expect(own.length).toBe(3 * SIDE * SIDE);
    expect(largestDifference(Float32Array.from(made), own)).toBeLessThan(1e-4);
  });

  test('begins alike with the same seed, and has a finite number of parameters', () => {
    expect(drawWeights(network, 4)).toEqual(weights);
    expect(drawWeights(network, 5)).not.toEqual(weights);
    const learned = [...gridNames(network), ...learnedLayers(network).flatMap(namesOf)];
    const count = learned.reduce((sum, name) => sum + (weights.get(name)?.length ?? Number.NaN), 0);
    expect(count).toBe(countParameters(network));
  });

  test('is saved as a file for places of any number', async () => {
    const bytes = await saveNetwork({ network, weights, latent: [0, 0] });
    const model = bindDims(readModel(bytes), { height: SIDE, width: SIDE }, false);
    const executor = new CpuExecutor(await lower(model));
    executor.array('xy').set(places);
    executor.run();
    const own = activationsOf(network, weights, places, SIDE * SIDE).at(-1) ?? new Float32Array();
    expect(
      largestDifference(Float32Array.from(executor.array(model.outputs[0]?.name ?? '')), own),
    ).toBeLessThan(1e-4);
  });
});

test('SIREN begins with waves of equal length in all layers', () => {
  const network = makeNetwork({ kind: 'siren', depth: 4, width: 256, act: 'tanh' });
  const places = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);
  const made = activationsOf(network, drawWeights(network, 0), places, SIDE * SIDE).slice(0, -1);
  // Sitzmann et al. 2020: activations are arcsine distributed, whose standard deviation is the root of a half.
  for (const values of made.slice(1)) {
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.sqrt(square)).toBeGreaterThan(0.6);
    expect(Math.sqrt(square)).toBeLessThan(0.8);
  }
});

test.each(SQUASHES)('the perceptron of %s gives the same colours as a network of places', async squash => {
  const own = new Perceptron(15, squash, 2);
  for (let i = 0; i < own.numbers.length; i++) own.numbers[i] = (own.numbers[i] ?? 0) * 20;
  const { network, weights } = asNetwork(own.numbers, 15, squash, SIDE);
  const places = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);
  const made = activationsOf(network, weights, places, SIDE * SIDE).at(-1) ?? new Float32Array();
  const [x, y] = [5, 11];
  const at = y * SIDE + x;
  const expected = own.activate(x / SIDE, y / SIDE);
  for (const c of [0, 1, 2] as const) expect(made[c * SIDE * SIDE + at]).toBeCloseTo(expected[c], 4);
  expect(largestDifference(Float32Array.from(await computed(network, weights, places)), made)).toBeLessThan(
    1e-5,
  );
});

test('a picture is one array by channels, as long as it is the same picture', () => {
  const pixels = { width: 2, height: 2, colors: Float32Array.from({ length: 12 }, (_, i) => i) };
  expect([...planesOf(pixels)]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  expect(planesOf(pixels)).toBe(planesOf(pixels));
  expect(planesOf({ ...pixels })).not.toBe(planesOf(pixels));
});

test('grids paint a picture of stripes within 60 steps', async () => {
  const network = makeNetwork({ kind: 'grid', depth: 1, width: 16, act: 'relu' });
  const side = 64;
  const colors = Float32Array.from({ length: 3 * side * side }, (_, i) => (Math.floor(i / 12) % 2) * 0.8);
  const losses: number[] = [];
  const trainer = await createTrainer(buildModel(network, drawWeights(network, 0), 32, 32), {
    loss: 'mse',
    optimizer: adam(),
    learningRate: 0.02,
    parameters: [...gridNames(network), ...learnedLayers(network).flatMap(namesOf)],
    pixels: { coordinates: 'xy', width: side, height: side },
    backend: 'cpu',
    onLosses: (_, some) => losses.push(...some),
  });
  const picture = planesOf({ width: side, height: side, colors });
  await trainer.runUntil(() => ({ [trainer.target]: picture }), { steps: 60 });
  trainer.destroy();
  expect(losses[0]).toBeGreaterThan(0.1);
  expect(-10 * Math.log10(losses.at(-1) ?? 1)).toBeGreaterThan(20);
});

test('a bred picture is its seed and its path', () => {
  const network = makeCppn(3, 8, 'tanh');
  const parent = weightsOfPath(network, 1, [4]);
  expect(weightsOfPath(network, 1, [4, 0])).toEqual(parent);
  expect(weightsOfPath(network, 1, [4, 3])).not.toEqual(parent);
  expect(weightsOfPath(network, 1, [4, 3])).toEqual(weightsOfPath(network, 1, [4, 3]));
  expect(weightsOfPath(network, 2, [4])).not.toEqual(parent);
});

test('a shader has all numbers, and says where there are too many', () => {
  const network = makeNetwork({ kind: 'mlp', depth: 1, width: 5, act: 'relu' });
  const weights = drawWeights(network, 0);
  weights.set('hidden1.bias', Float32Array.of(0.125, -2, 3, 4, 1e-9));
  const text = exportedShader(network, weights, [0, 0]);
  expect(text).toContain('vec4(0.125,-2.,3.,4.)');
  expect(text).toContain('vec4(1e-9,0.,0.,0.)');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  const large = makeNetwork({ kind: 'mlp', depth: 6, width: 128, act: 'relu' });
  expect(() => exportedShader(large, drawWeights(large, 0), [0, 0])).toThrow(
    /layers have 86,016 numbers, and the text of a shader can hold 60,000/,
  );
  const grids = makeNetwork({ kind: 'grid', depth: 1, width: 8, act: 'relu' });
  expect(showingShader(grids)).toContain('grid(5440, 128, at)');
  expect(packWeights(grids, drawWeights(grids, 0)).length % 4096).toBe(0);
});

test('a picture holds the tables of grids, to a 65,000th of their range', () => {
  const grids = makeNetwork({ kind: 'grid', depth: 1, width: 8, act: 'relu' });
  const weights = drawWeights(grids, 3);
  const picture = tablePicture(grids, weights);
  if (!picture) throw new Error('no tables');
  const { width, height, data } = picture;
  expect(data.length).toBe(4 * width * height);
  const byte = (place: number) => data[4 * Math.floor(place / 3) + (place % 3)] ?? Number.NaN;
  const nodes = 64 + 256; // those before the table of 32
  const table = weights.get('grid32') ?? new Float32Array();
  const [least, most] = [Math.min(...table), Math.max(...table)];
  for (const [node, lane] of [
    [0, 0],
    [517, 3],
    [1023, 2],
  ] as const) {
    const at = 9 * (nodes + node) + 2 * lane;
    const value = least + ((256 * byte(at) + byte(at + 1)) * (most - least)) / 65_535;
    expect(Math.abs(value - (table[1024 * lane + node] ?? Number.NaN))).toBeLessThan(2e-7);
  }
  expect(tablePicture(makeNetwork({ kind: 'siren', depth: 1, width: 8, act: 'relu' }), weights)).toBeNull();
});

test('the address keeps all settings', () => {
  const settings = makeSettings();
  const query =
    'net=cppn&source=text&text=Grüße&depth=3&width=40&act=sine&path=1.0.8&zoom=4&at=0.25_-0.5&z=1_-1&drive=hand&frozen=grids.colour';
  settings.read(new URLSearchParams(query));
  expect(settings.values.path).toEqual([1, 0, 8]);
  expect(sizeOf(settings.values)).toEqual({ depth: 3, width: 40 });
  const again = makeSettings();
  again.read(settings.write());
  expect(again.values).toEqual(settings.values);
  settings.read(new URLSearchParams('path=9.1&zoom=1000&text=&net=unknown'));
  expect(settings.values).toMatchObject({ path: [], zoom: 1, net: 'grid' });
  expect(rateOf(settings.values)).toBe(0.02);
});
