// Races the lab's perceptron against synaptic.js, in turns: steps a second of CPU time.

import synaptic from 'synaptic';
import { Perceptron } from '../lab/painter/perceptron.ts';
import { SQUASHES, type Squash } from '../lab/painter/pixels.ts';

const { Architect, Neuron } = synaptic;

/** The seed's picture, network and rate. */
const [SIDE, HIDDEN, RATE] = [300, 15, 0.01];
export const THEIRS = {
  sigmoid: 'LOGISTIC',
  tanh: 'TANH',
  relu: 'RELU',
  step: 'HLIM',
  identity: 'IDENTITY',
} as const satisfies Readonly<Record<Squash, string>>;

export interface Race {
  readonly squash: Squash;
  /** Medians of steps in a second of CPU time, and of the ratios within rounds. */
  readonly ours: number;
  readonly loops: number;
  readonly synaptic: number;
  readonly times: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Steps a second of CPU time. */
function rateOf(steps: number, run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (1e6 * steps) / (user + system);
}

export function race(rounds: number): Race[] {
  const steps = SIDE * SIDE;
  const colors = Float64Array.from({ length: 3 * steps }, (_, i) => (1 + Math.sin(i / 977)) / 2);
  const pixels = { width: SIDE, height: SIDE, colors };
  return SQUASHES.map(squash => {
    const other = new Architect.Perceptron(2, HIDDEN, 3);
    other.layers.hidden[0]?.set({ squash: Neuron.squash[THEIRS[squash]] });
    const [fast, loops] = [new Perceptron(HIDDEN, squash, 0), new Perceptron(HIDDEN, squash, 0, false)];
    const sweep = (one: Perceptron) => () => {
      for (let x = 0; x < SIDE; x++) one.learnColumn(pixels, x, RATE);
    };
    const sweepOther = () => {
      for (let x = 0; x < SIDE; x++) {
        for (let y = 0; y < SIDE; y++) {
          other.activate([x / SIDE, y / SIDE]);
          const at = 3 * (y * SIDE + x);
          other.propagate(RATE, [colors[at] ?? 0, colors[at + 1] ?? 0, colors[at + 2] ?? 0]);
        }
      }
    };
    const found = Array.from({ length: rounds + 1 }, () => ({
      synaptic: rateOf(steps, sweepOther),
      ours: rateOf(steps, sweep(fast)),
      loops: rateOf(steps, sweep(loops)),
    })).slice(1); // the first round compiles
    return {
      squash,
      ours: median(found.map(one => one.ours)),
      loops: median(found.map(one => one.loops)),
      synaptic: median(found.map(one => one.synaptic)),
      times: median(found.map(one => one.ours / one.synaptic)),
    };
  });
}
