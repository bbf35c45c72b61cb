// The painter's perceptron against synaptic.js itself.

import synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import { Perceptron, rateOfSweep } from '../../../lab/painter/perceptron.ts';
import { SQUASHES } from '../../../lab/painter/pixels.ts';
import { THEIRS } from '../../perceptron-race.ts';

const { Architect, Neuron } = synaptic;

const [SIDE, STEPS] = [100, 1000];
const colors = Float64Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (1 + Math.sin(i / 7)) / 2);
const pixels = { width: SIDE, height: SIDE, colors };
const UNIT = 6;

/** Synaptic's numbers, as ours are laid out. */
function numbersOf(network: InstanceType<typeof Architect.Perceptron>): number[] {
  network.restore();
  const { hidden, output } = network.layers;
  const inputs = (neuron: (typeof output.list)[number]) =>
    Object.values(neuron.connections.inputs).map(({ weight }) => weight);
  const units = (hidden[0]?.list ?? []).map((neuron, j) => [
    ...inputs(neuron),
    neuron.bias,
    ...output.list.map(color => inputs(color)[j] ?? Number.NaN),
  ]);
  return [...units.flat(), ...output.list.map(({ bias }) => bias)];
}

describe.each([
  ['WebAssembly', true],
  ['loops', false],
] as const)('by %s', (_, isFast) => {
  test.each(SQUASHES)('a thousand steps of %s give synaptic.js’ weights', squash => {
    const other = new Architect.Perceptron(2, 15, 3);
    other.layers.hidden[0]?.set({ squash: Neuron.squash[THEIRS[squash]] });
    const own = new Perceptron(15, squash, 0, isFast);
    own.numbers.set(numbersOf(other));
    const before = own.numbers.slice();
    for (let x = 0; x < STEPS / SIDE; x++) {
      own.learnColumn(pixels, x, rateOfSweep(0, 0.01));
      for (let y = 0; y < SIDE; y++) {
        const at = 3 * (y * SIDE + x);
        other.activate([x / SIDE, y / SIDE]);
        other.propagate(0.01, [...colors.subarray(at, at + 3)]);
      }
    }
    const expected = numbersOf(other);
    expect(own.numbers.length).toBe(15 * UNIT + 3);
    const apart = Math.max(...expected.map((value, i) => Math.abs(value - (own.numbers[i] ?? Number.NaN))));
    expect(apart).toBeLessThan(1e-6);
    const moved = Math.max(...expected.map((value, i) => Math.abs(value - (before[i] ?? 0))));
    expect(moved).toBeGreaterThan(1e-2);
  });
});

test.each([1, 2, 7, 16, 60])('%i units learn alike in WebAssembly and in loops', hidden => {
  const [fast, loops] = [true, false].map(isFast => new Perceptron(hidden, 'tanh', 3, isFast));
  for (let x = 0; x < 5; x++) for (const one of [fast, loops]) one?.learnColumn(pixels, x, 0.01);
  const apart = fast?.numbers.map((value, i) => Math.abs(value - (loops?.numbers[i] ?? Number.NaN)));
  expect(Math.max(...(apart ?? [Number.NaN]))).toBeLessThan(1e-8);
});

test('a torn unit is not heard, and the rate falls with the sweeps', () => {
  const own = new Perceptron(2, 'relu', 1);
  own.tear(0);
  own.tear(1);
  expect(own.activate(0.1, 0.2)).toEqual(own.activate(0.9, 0.7));
  expect(rateOfSweep(2000, 0.01)).toBeCloseTo(0.005, 12);
});
