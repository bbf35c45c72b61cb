/** One run of a network in a tab: played, stepped, slowed down, begun anew, and changed while it learns. */
import {
  type Batch,
  createTrainer,
  type LossName,
  type OnnxModel,
  type Optimizer,
  type PixelBatches,
  type Trainer,
} from '../../engine/training/index.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { Host } from '../shell/tab.ts';

export interface Plan {
  readonly model: OnnxModel;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  readonly rate: number;
  /** Names of the constants that are learned. Default: all weights and biases. */
  readonly parameters?: readonly string[];
  /** Examples of a step. */
  readonly batch: number;
  /** Where each step draws its pixels itself. */
  readonly pixels?: PixelBatches;
  /** The inputs of a step, from 0 on. The target goes by the name of the model's first output. */
  readonly makeBatch: (step: number) => Batch;
  readonly seed: number;
  /** It stops by itself after so many. */
  readonly steps: number;
}

export type Weights = ReadonlyMap<string, Float32Array>;

export interface SessionEvents {
  /** At most eight times a second. `losses` are all of the run so far. */
  onProgress(losses: readonly number[], weights: Weights): void;
  /** The run begins anew, and has no losses. Its weights are those of the plan's model. */
  onReset?(): void;
}

/** Between two readings of the weights. */
const PROGRESS_MS = 120;
export const SLOW_MS = 450;
/** As many seeds as a trainer tells apart. */
const SEEDS = 2 ** 24;
const NAMES = { webgpu: 'WebGPU', webgl2: 'WebGL2', cpu: 'CPU' } as const;

export class Session {
  readonly losses: number[] = [];
  #trainer: Trainer | null = null;
  /** What the trainer was made for. */
  #made: Plan | null = null;
  /** Steps that other trainers of this run did before this one. */
  #offset = 0;
  #isPlaying = false;
  #isSlow = false;
  #stop = new AbortController();
  /** Restarts that were asked for: what a former run still has to tell is not wanted any more. */
  #restarts = 0;
  /** One thing after the other. */
  #queue: Promise<void> = Promise.resolve();
  #plan: Plan;
  #rate: number | null = null;
  /** Of the first trainer: to look for a GPU again takes long. */
  #backend: Trainer['backend'] | undefined;

  constructor(
    plan: Plan,
    readonly host: Host,
    readonly events: SessionEvents,
  ) {
    this.#plan = plan;
  }

  get plan(): Plan {
    return this.#plan;
  }

  get steps(): number {
    return this.losses.length;
  }

  /** Goes on with another optimizer, batch or end; the weights stay. A rate alone changes nothing else. */
  change(plan: Plan): void {
    this.#plan = plan;
    const trainer = this.#trainer;
    if (trainer) trainer.learningRate = plan.rate;
    if (this.#isStale) this.#playOn();
  }

  /** Begins anew with this plan, and plays on if it played. */
  restart(plan: Plan = this.#plan): void {
    const isOther = plan.model !== this.#plan.model;
    this.#plan = plan;
    const restarts = ++this.#restarts;
    this.#interrupt();
    void this.#enqueue(async () => {
      this.losses.length = 0;
      this.#offset = 0;
      const trainer = this.#trainer;
      // A trainer is made when it is needed: a slider may be on its way.
      if (isOther || this.#isStale || !trainer) this.#drop();
      else await trainer.restart();
      this.events.onReset?.();
      if (this.#trainer) await this.#tell(this.#trainer, restarts);
    });
    this.#playOn();
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#setPlaying(true);
    if (this.steps >= this.#plan.steps) this.restart();
    else this.#playOn();
  }

  pause(): void {
    this.#setPlaying(false);
    this.#interrupt();
  }

  step(): void {
    this.pause();
    void this.advance(1);
  }

  /** So many steps, then it rests: runs that share the time take turns. Nothing, if it begins anew before its turn. */
  advance(steps: number): Promise<void> {
    const restarts = this.#restarts;
    return this.#enqueue(async () => {
      if (restarts !== this.#restarts) return;
      const trainer = await this.#ready();
      await trainer.runUntil(step => this.#batch(trainer, step), { steps });
      await this.#tell(trainer, restarts);
    });
  }

  /** Gives its GPU back; the next thing that it does makes a trainer anew. */
  close(): void {
    this.pause();
    void this.#enqueue(async () => this.#drop());
  }

  setSlow(isSlow: boolean): void {
    if (isSlow === this.#isSlow) return;
    this.#isSlow = isSlow;
    this.#playOn();
  }

  async save(): Promise<Uint8Array> {
    let saved: Uint8Array | null = null;
    this.#interrupt();
    const done = this.#enqueue(async () => {
      saved = await (await this.#ready()).save();
    });
    this.#playOn();
    await done;
    if (!saved) throw new Error('The network could not be saved.');
    return saved;
  }

  #setPlaying(isPlaying: boolean): void {
    this.#isPlaying = isPlaying;
    this.host.setPlaying(isPlaying);
  }

  /** Ends what runs now, and runs again as things are now, if it plays. */
  #playOn(): void {
    this.#interrupt();
    const { signal } = this.#stop;
    if (this.#isPlaying) void this.#enqueue(() => this.#run(signal));
  }

  /** Ends what runs now, so that the next thing begins at once. */
  #interrupt(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch(error => {
      this.#setPlaying(false);
      this.host.say(errorMessage(error));
    });
    return this.#queue;
  }

  /** Whether another trainer is needed for the plan. */
  get #isStale(): boolean {
    const [made, plan] = [this.#made, this.#plan];
    return made?.optimizer !== plan.optimizer || made.batch !== plan.batch || made.model !== plan.model;
  }

  #drop(): void {
    this.#trainer?.destroy();
    this.#trainer = null;
    this.#made = null;
  }

  /** The trainer of the plan: the one there is, or another that goes on with its weights. */
  async #ready(): Promise<Trainer> {
    if (this.#trainer && !this.#isStale) return this.#trainer;
    const plan = this.#plan;
    const weights = this.#made?.model === plan.model ? await this.#trainer?.weights() : undefined;
    this.#drop();
    this.#offset = this.steps;
    const first = this.#offset;
    const trainer = await createTrainer(plan.model, {
      loss: plan.loss,
      optimizer: plan.optimizer,
      learningRate: plan.rate,
      batch: plan.batch,
      // It counts its steps from 0: another seed, so that it does not draw the same numbers again.
      seed: (plan.seed + first) % SEEDS,
      ...(plan.pixels && { pixels: plan.pixels }),
      ...(plan.parameters && { parameters: plan.parameters }),
      ...(this.#backend && { backend: this.#backend }),
      onLosses: (step, losses) => {
        this.losses.length = Math.min(this.losses.length, first + step);
        for (const loss of losses) this.losses.push(loss);
      },
    });
    if (weights) await trainer.restart(weights);
    this.#trainer = trainer;
    this.#backend = trainer.backend;
    this.#made = plan;
    this.host.setChip(NAMES[trainer.backend], null);
    return trainer;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const restarts = this.#restarts;
    while (!signal.aborted) {
      const trainer = await this.#ready();
      if (signal.aborted) return;
      trainer.learningRate = this.#plan.rate;
      const left = this.#plan.steps - this.steps;
      if (left <= 0) {
        this.#setPlaying(false);
        break;
      }
      const [begin, before] = [performance.now(), this.steps];
      await trainer.runUntil(
        step => this.#batch(trainer, step),
        this.#isSlow ? { steps: 1 } : { steps: left, milliseconds: PROGRESS_MS, signal },
      );
      this.#showRate(trainer, (1000 * (this.steps - before)) / (performance.now() - begin));
      await this.#tell(trainer, restarts);
      if (this.#isSlow) await pause(SLOW_MS, signal);
    }
  }

  /** The plan's batch, whose target goes by the trainer's name for it. */
  #batch({ target }: Trainer, step: number): Batch {
    const { model, makeBatch } = this.#plan;
    const output = model.outputs[0]?.name ?? '';
    const { [output]: wanted = new Float32Array(), ...inputs } = makeBatch(this.#offset + step);
    return { ...inputs, [target]: wanted };
  }

  #showRate({ backend }: Trainer, now: number): void {
    this.#rate = smoothRate(this.#rate, now);
    this.host.setChip(NAMES[backend], this.#isSlow ? null : this.#rate);
  }

  /** Tells how far the trainer is, also after a pause; but not what was learned before a restart or for another model. */
  async #tell(trainer: Trainer, restarts: number): Promise<void> {
    const isWanted = () => restarts === this.#restarts && this.#made?.model === this.#plan.model;
    if (!isWanted()) return;
    const weights = await trainer.weights();
    if (isWanted()) this.events.onProgress(this.losses, weights);
  }
}

/** Steps a second, as they are shown: they do not jump. */
export const smoothRate = (before: number | null, now: number): number =>
  before === null ? now : 0.8 * before + 0.2 * now;

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
