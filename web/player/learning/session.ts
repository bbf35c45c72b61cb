/** One training: it learns, pauses and begins anew, and tells what it does. */
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import {
  type Adversary,
  adam,
  createTrainer,
  DivergenceError,
  EngineError,
  type Trainer,
} from '../../engine/training/index.ts';
import { errorMessage } from '../../shared/errors.ts';
import { pictureOf } from './picture.ts';
import type { LearningTask } from './task.ts';

/** A pause begins when the step that is computed has ended. */
export type SessionState = 'preparing' | 'learning' | 'pausing' | 'paused';

export interface SessionEvents {
  /** The state, the steps or the losses are other ones. */
  readonly onChange: () => void;
  /** What went wrong, as a sentence for people. */
  readonly onError: (sentence: string) => void;
}

const BACKEND_NAMES = { webgpu: 'WebGPU', webgl2: 'WebGL2', cpu: 'the CPU' } as const;
/** Of the adversary beside L1, and Adam's first moment with it: those of pix2pix (Isola et al. 2016). Twice the weight
 * brings the same detail sooner, farther from the pictures. */
const ADVERSARY_WEIGHT = 0.01;
const ADVERSARY_BETA = 0.5;
/** Steps a second are counted over this time. */
const RATE_WINDOW_MS = 5000;

interface Base {
  readonly model: OnnxModel;
  readonly steps: number;
}

export class Session {
  readonly losses: number[] = [];
  state: SessionState = 'paused';
  #trainer: Trainer | null = null;
  /** What the trainer began with, and the steps until then. */
  #base: Base;
  #running: AbortController | null = null;
  #ended: Promise<void> = Promise.resolve();
  #learningRate: number;
  /** When how many steps were done. */
  #marks: { readonly at: number; readonly steps: number }[] = [];
  #isOver = false;

  constructor(
    readonly task: LearningTask,
    readonly events: SessionEvents,
    /** Whether a second network judges the paintings, so that they get sharper. */
    private isSharp = false,
  ) {
    this.#learningRate = task.learningRate;
    this.#base = { model: task.model, steps: 0 };
  }

  get steps(): number {
    return this.#base.steps + (this.#trainer?.steps ?? 0);
  }

  /** Where it is computed; empty while that is unknown. */
  get place(): string {
    return this.#trainer ? BACKEND_NAMES[this.#trainer.backend] : '';
  }

  get stepsPerSecond(): number | null {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (!first || !last || last.steps <= first.steps) return null;
    return ((last.steps - first.steps) * 1000) / (last.at - first.at);
  }

  /** Learns until it is paused. */
  async learn(): Promise<void> {
    if (this.#running || this.#isOver) return;
    this.#ended = this.#learn();
    await this.#ended;
  }

  async #learn(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      if (!this.#trainer) this.#setState('preparing');
      const trainer = this.#trainer ?? (await this.#makeTrainer(this.#base.model));
      this.#trainer = trainer;
      if (this.#isOver) trainer.destroy();
      if (running.signal.aborted) return;
      this.#setState('learning');
      await this.#run(trainer, running.signal);
    } catch (error) {
      if (!this.#isOver) this.#explain(error);
    } finally {
      this.#running = null;
      if (!this.#isOver) this.#setState('paused');
    }
  }

  pause(): void {
    if (!this.#running) return;
    this.#running.abort();
    this.#setState('pausing');
  }

  /** Goes on with or without a second network that judges. What was learned stays. */
  async setSharp(isSharp: boolean): Promise<void> {
    const before = this.isSharp;
    this.isSharp = isSharp;
    try {
      await this.#exchange(async trainer => ({ model: readModel(await trainer.save()), steps: this.steps }));
    } catch (error) {
      this.isSharp = before;
      throw error;
    }
  }

  async restart(): Promise<void> {
    this.#learningRate = this.task.learningRate;
    if (this.#base.steps === 0) await this.#trainer?.restart();
    else await this.#exchange(() => ({ model: this.task.model, steps: 0 }));
    if (this.#trainer) this.#trainer.learningRate = this.#learningRate;
    this.losses.length = 0;
    this.#marks = [];
    this.events.onChange();
  }

  /** Another trainer takes the place of the one that there is, and learns on if that did. */
  async #exchange(makeBase: (trainer: Trainer) => Base | Promise<Base>): Promise<void> {
    const wasLearning = this.#running !== null;
    this.pause();
    await this.#ended;
    const [before, running] = [this.#trainer, new AbortController()];
    if (!before || this.#isOver) return;
    this.#running = running;
    this.#setState('preparing');
    try {
      const base = await makeBase(before);
      this.#trainer = await this.#makeTrainer(base.model);
      this.#base = base;
      before.destroy();
      if (this.#isOver) this.#trainer.destroy();
    } finally {
      this.#running = null;
      if (!this.#isOver) this.#setState('paused');
      // Also where there is no other trainer: the one before is still there.
      if (wasLearning && !running.signal.aborted) void this.learn();
    }
  }

  /** The look as it is now. */
  write(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#use(trainer => this.task.write(trainer));
  }

  /** The same, stored as the look was that learned. */
  save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#use(trainer => this.task.save(trainer));
  }

  async #use<T>(write: (trainer: Trainer) => Promise<T>): Promise<T> {
    if (!this.#trainer) throw new EngineError('Nothing was learned yet; press Learn first.');
    return write(this.#trainer);
  }

  destroy(): void {
    this.#isOver = true;
    this.#running?.abort();
    this.#trainer?.destroy();
  }

  async #run(trainer: Trainer, signal: AbortSignal): Promise<void> {
    const { makeBatch, picture } = this.task;
    const count = this.#countOf(trainer);
    const { steps } = this.#base;
    this.#marks = [{ at: performance.now(), steps: this.steps }];
    trainer.learningRate = this.#learningRate;
    await trainer.runUntil(
      step => {
        const { shown, painted } = makeBatch(steps + step, count);
        return { [picture]: shown, [trainer.target]: painted };
      },
      { signal },
    );
  }

  async #makeTrainer(model: OnnxModel): Promise<Trainer> {
    const { batch } = this.task;
    const trainer = await this.#tryBatch(model, batch.gpu);
    if (trainer.backend !== 'cpu' || this.#countOf(trainer) <= batch.cpu) return trainer;
    trainer.destroy(); // there is no GPU, or it refused, and its batch is too large for the CPU
    return this.#tryBatch(model, batch.cpu);
  }

  async #tryBatch(model: OnnxModel, count: number): Promise<Trainer> {
    try {
      return await this.#createTrainer(model, count);
    } catch (error) {
      if (count === 1 || !(error instanceof EngineError)) throw error;
      return this.#createTrainer(model, 1); // the model may be made for single pictures
    }
  }

  /** Examples of a step. */
  #countOf(trainer: Trainer): number {
    return trainer.inputs.find(({ name }) => name === this.task.picture)?.dims[0] ?? 1;
  }

  async #createTrainer(model: OnnxModel, batch: number): Promise<Trainer> {
    const adversary = this.isSharp ? await fetchAdversary(model) : undefined;
    return createTrainer(model, {
      loss: 'l1',
      optimizer: adam(adversary ? { beta1: ADVERSARY_BETA } : {}),
      learningRate: this.#learningRate,
      batch,
      ...(adversary && { adversary }),
      onLosses: (first, values) => this.#record(this.#base.steps + first, values),
      onLost: reason => this.events.onError(`Learning stopped, and what was learned can be saved. ${reason}`),
    });
  }

  #record(first: number, values: Float32Array): void {
    this.losses.length = Math.min(this.losses.length, first);
    this.losses.push(...values);
    const now = performance.now();
    this.#marks.push({ at: now, steps: this.losses.length });
    while (this.#marks.length > 2 && now - (this.#marks[0]?.at ?? now) > RATE_WINDOW_MS) this.#marks.shift();
    this.events.onChange();
  }

  /** After a divergence the trainer stands at an earlier step: then the next try is slower. */
  #explain(error: unknown): void {
    const told = this.losses.length;
    if (!(error instanceof DivergenceError)) {
      this.events.onError(errorMessage(error));
      return;
    }
    this.losses.length = Math.min(told, this.steps);
    this.#learningRate /= 2;
    this.events.onError(
      `Learning went astray at step ${told}, so it stands at step ${this.steps} again. Press Learn: it goes on in smaller steps.`,
    );
  }

  #setState(state: SessionState): void {
    this.state = state;
    this.events.onChange();
  }
}

async function fetchAdversary(model: OnnxModel): Promise<Adversary> {
  const { makeDiscriminator, MIN_SIDE } = await import('./discriminator.ts');
  const side = Math.min(...(pictureOf(model).dims ?? []).slice(2).map(Number));
  if (side < MIN_SIDE) {
    throw new EngineError(`Pictures of ${side} pixels are too small to get sharper: learn without.`);
  }
  return { discriminator: makeDiscriminator(), weight: ADVERSARY_WEIGHT };
}
