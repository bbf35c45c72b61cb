/** One of the two runs whose ends make the plane. */
import { createTrainer, type OnnxModel } from '../../../engine/training/index.ts';
import { epochOrder } from '../../network/batches.ts';
import { INPUT } from '../../network/classifiers.ts';
import { type OptimizerName, optimizerOf } from '../../network/optimizers.ts';
import { learnedNames } from '../../network/weights.ts';
import { type Digits, flatten, flattenModel } from './network.ts';

const BATCH = 50;
/** Places of a run that are kept, besides its start. */
const KEPT = 40;

export interface RunOptions {
  /** With its first weights. */
  readonly model: OnnxModel;
  readonly digits: Digits;
  readonly optimizer: OptimizerName;
  readonly rate: number;
  readonly steps: number;
  /** Of the order of the examples. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onStep: (steps: number) => void;
}

/** Weights from the start to the end, with the numbers of their steps. */
export interface Run {
  readonly weights: readonly Float32Array[];
  readonly steps: readonly number[];
}

/** Trains on the CPU, in a worker of its own: float32 in a fixed order, so that the same seed gives the same plane on every
 * machine. Rejects with the reason of the signal if that ends it. */
export async function trainRun(options: RunOptions): Promise<Run> {
  const { model, digits, optimizer, rate, steps, seed, signal, onStep } = options;
  const size = digits.side ** 2;
  const order = epochOrder(digits.labels.length, BATCH, seed);
  const trainer = await createTrainer(model, {
    loss: 'crossEntropy',
    optimizer: optimizerOf(optimizer),
    learningRate: rate,
    batch: BATCH,
    parameters: learnedNames(model),
    backend: 'cpu',
  });
  const nextBatch = (step: number) => {
    const chosen = order(step);
    const pixels = new Float32Array(chosen.length * size);
    chosen.forEach((one, i) => {
      pixels.set(digits.pixels.subarray(one * size, (one + 1) * size), i * size);
    });
    return {
      [INPUT]: pixels,
      [trainer.target]: Float32Array.from(chosen, one => digits.labels[one] ?? 0),
    };
  };
  const [weights, kept] = [[flattenModel(model)], [0]];
  try {
    for (let i = 1; i <= KEPT; i++) {
      const until = Math.round((i * steps) / KEPT);
      if (until > trainer.steps) await trainer.runUntil(nextBatch, { steps: until - trainer.steps, signal });
      signal.throwIfAborted();
      weights.push(flatten(model, await trainer.weights()));
      kept.push(until);
      onStep(until);
    }
  } finally {
    trainer.destroy();
  }
  return { weights, steps: kept };
}
