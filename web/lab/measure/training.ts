/** A step of a training as it is timed: forward, backward and update, on random pictures and classes. As in
 * `limner bench everywhere`, each step's loss is read before the next one begins; the other tabs train faster, as theirs run
 * ahead. */
import { adam, type Batch, createTrainer, type Trainer } from '../../engine/training/index.ts';
import { INPUT } from '../network/classifiers.ts';
import { randomNumbers } from '../numbers/random.ts';
import type { BackendState } from './backends.ts';
import { CLASSES, type TimedNetwork } from './networks.ts';
import type { BackendName, Workload } from './workload.ts';

export const BATCH = 64;
const RATE = 1e-3;
/** Batches, after which the first comes again. */
const BATCHES = 4;
/** Losses of so many steps are compared. */
const COMPARED = 5;

export interface Examples {
  readonly pictures: Float32Array;
  readonly classes: Float32Array;
}

/** As `limner bench everywhere` calls it. */
export const trainingName = ({ name }: TimedNetwork): string => `${name}, a training step of ${BATCH}`;

/** Batches of random pictures of 0..1 and random classes. */
export function drawBatches({ inputs }: TimedNetwork, seed: number): readonly Examples[] {
  const random = randomNumbers(seed, 2);
  const size = BATCH * (inputs[0]?.[INPUT]?.length ?? 0);
  return Array.from({ length: BATCHES }, () => ({
    pictures: Float32Array.from({ length: size }, random),
    classes: Float32Array.from({ length: BATCH }, () => Math.floor(random() * CLASSES)),
  }));
}

export class TrainingWorkload implements Workload {
  readonly kind = 'training';
  readonly batch = BATCH;
  readonly model: string;
  readonly device: string;
  readonly software: boolean;
  readonly reason: string | null;
  readonly #losses: number[] = [];
  #trainer: Trainer | null = null;
  #lost = '';
  /** A run may be stopped while this is loading. */
  #isDestroyed = false;

  constructor(
    readonly network: TimedNetwork,
    readonly batches: readonly Examples[],
    readonly backend: BackendName,
    state: BackendState,
  ) {
    this.model = trainingName(network);
    this.device = state.device;
    this.software = state.software;
    this.reason = state.reason;
  }

  async load(): Promise<void> {
    const trainer = await createTrainer(this.network.bytes, {
      loss: 'crossEntropy',
      optimizer: adam(),
      learningRate: RATE,
      batch: BATCH,
      backend: this.backend,
      onLosses: (step, losses) => this.#losses.splice(step, Infinity, ...losses),
      onLost: reason => {
        this.#lost = reason;
      },
    });
    if (this.#isDestroyed) trainer.destroy();
    else this.#trainer = trainer;
  }

  get revivals(): number {
    return this.#trainer?.recoveries ?? 0;
  }

  first(): Promise<void> {
    return this.run(1);
  }

  async answer(): Promise<Float32Array> {
    await this.run(COMPARED - 1);
    return Float32Array.from(this.#losses.slice(0, COMPARED));
  }

  async run(times: number): Promise<void> {
    const trainer = this.#trainer;
    if (!trainer || this.#lost) throw new Error(this.#lost || 'The training is not loaded.');
    const nextBatch = (step: number) => this.#batch(trainer, step);
    for (let i = 0; i < times; i++) await trainer.runUntil(nextBatch, { steps: 1 });
  }

  #batch({ target }: Trainer, step: number): Batch {
    const { pictures = new Float32Array(), classes = new Float32Array() } =
      this.batches[step % this.batches.length] ?? {};
    return { [INPUT]: pictures, [target]: classes };
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#trainer?.destroy();
    this.#trainer = null;
  }
}
