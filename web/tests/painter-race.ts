// Races the engine's trainer against synaptic.js in one page, in turns: pixels that synaptic's network learns from in a
// second of the clock.

import { createTrainer, sgd, type TrainingBackendName } from '../engine/training/index.ts';
import { buildModel, drawWeights, learnedLayers, makeNetwork, namesOf } from '../lab/painter/network.ts';
import { planesOf } from '../lab/painter/pixels.ts';

/** The seed's picture, network and rate; and the pixels of a step along a side. */
const [SIDE, HIDDEN, RATE, BATCH] = [300, 15, 0.01, 64];
const ROUND_MS = 2000;

/** What the page's script of synaptic.js defines, as far as it is used. */
interface Synaptic {
  readonly Architect: {
    readonly Perceptron: new (
      ...sizes: number[]
    ) => {
      activate(input: readonly number[]): number[];
      propagate(rate: number, target: readonly number[]): void;
    };
  };
}

export interface PixelRace {
  readonly adapter: string;
  /** Medians of pixels in a second, and of the ratios within rounds. */
  readonly ours: number;
  readonly synaptic: number;
  readonly times: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Throws if the browser has no such backend. */
export async function racePixels(backend: TrainingBackendName, rounds: number): Promise<PixelRace> {
  const colors = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (1 + Math.sin(i / 977)) / 2);
  const pixels = { width: SIDE, height: SIDE, colors };
  const network = makeNetwork({ kind: 'mlp', depth: 1, width: HIDDEN, act: 'sigmoid' });
  const trainer = await createTrainer(buildModel(network, drawWeights(network, 0), BATCH, BATCH), {
    loss: 'mse',
    optimizer: sgd(),
    learningRate: RATE,
    parameters: learnedLayers(network).flatMap(namesOf),
    pixels: { coordinates: 'xy', width: SIDE, height: SIDE },
    backend,
  });
  const other = new (window as unknown as { synaptic: Synaptic }).synaptic.Architect.Perceptron(2, HIDDEN, 3);

  const learn = async (): Promise<number> => {
    const [begin, before] = [performance.now(), trainer.steps];
    await trainer.runUntil(() => ({ [trainer.target]: planesOf(pixels) }), { milliseconds: ROUND_MS });
    // The weights are there only when the GPU has done all steps.
    await trainer.weights();
    return (1000 * BATCH * BATCH * (trainer.steps - before)) / (performance.now() - begin);
  };

  let next = 0;
  const learnOther = (): number => {
    const begin = performance.now();
    let done = 0;
    do {
      for (let i = 0; i < SIDE; i++, done++, next = (next + 1) % (SIDE * SIDE)) {
        other.activate([Math.floor(next / SIDE) / SIDE, (next % SIDE) / SIDE]);
        const at = 3 * ((next % SIDE) * SIDE + Math.floor(next / SIDE));
        other.propagate(RATE, [colors[at] ?? 0, colors[at + 1] ?? 0, colors[at + 2] ?? 0]);
      }
    } while (performance.now() - begin < ROUND_MS);
    return (1000 * done) / (performance.now() - begin);
  };

  const found: { ours: number; synaptic: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    found.push({ synaptic: learnOther(), ours: await learn() });
  }
  found.shift(); // the first round compiles
  const { adapter } = trainer;
  trainer.destroy();
  return {
    adapter,
    ours: median(found.map(one => one.ours)),
    synaptic: median(found.map(one => one.synaptic)),
    times: median(found.map(one => one.ours / one.synaptic)),
  };
}
