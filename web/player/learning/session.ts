/** One training: it learns, pauses and begins anew, and tells what it does. */
import {
  adam,
  createTrainer,
  DivergenceError,
  EngineError,
  type Trainer,
} from '../../engine/training/index.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { Following } from './follower.ts';
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
/** Steps a second are counted over this time. */
const RATE_WINDOW_MS = 5000;

export class Session {
  readonly losses: number[] = [];
  state: SessionState = 'paused';
  #trainer: Trainer | null = null;
  #running: AbortController | null = null;
  #learningRate: number;
  /** When how many steps were done. */
  #marks: { readonly at: number; readonly steps: number }[] = [];
  #isOver = false;

  constructor(
    readonly task: LearningTask,
    readonly events: SessionEvents,
    /** How the painting follows. */
    readonly following: Following,
  ) {
    this.#learningRate = task.learningRate;
  }

  get steps(): number {
    return this.#trainer?.steps ?? 0;
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
    const running = new AbortController();
    this.#running = running;
    try {
      if (!this.#trainer) this.#setState('preparing');
      const trainer = this.#trainer ?? (await this.#makeTrainer());
      if (trainer !== this.#trainer) trainer.follow({ ...this.following, write: () => this.write() });
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

  async restart(): Promise<void> {
    this.#learningRate = this.task.learningRate;
    const trainer = this.#trainer;
    if (trainer) trainer.learningRate = this.#learningRate;
    await trainer?.restart();
    this.losses.length = 0;
    this.#marks = [];
    this.events.onChange();
  }

  /** The look as it is now. */
  async write(): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#trainer) throw new EngineError('Nothing was learned yet; press Learn first.');
    return this.task.write(this.#trainer);
  }

  destroy(): void {
    this.#isOver = true;
    this.#running?.abort();
    this.#trainer?.destroy();
  }

  async #run(trainer: Trainer, signal: AbortSignal): Promise<void> {
    const { makeBatch, picture } = this.task;
    const count = this.#countOf(trainer);
    this.#marks = [{ at: performance.now(), steps: trainer.steps }];
    trainer.learningRate = this.#learningRate;
    await trainer.runUntil(
      step => {
        const { shown, painted } = makeBatch(step, count);
        return { [picture]: shown, [trainer.target]: painted };
      },
      { signal },
    );
  }

  async #makeTrainer(): Promise<Trainer> {
    const { batch } = this.task;
    const trainer = await this.#tryBatch(batch.gpu);
    if (trainer.backend !== 'cpu' || this.#countOf(trainer) <= batch.cpu) return trainer;
    trainer.destroy(); // there is no GPU, or it refused, and its batch is too large for the CPU
    return this.#tryBatch(batch.cpu);
  }

  async #tryBatch(count: number): Promise<Trainer> {
    try {
      return await this.#createTrainer(count);
    } catch (error) {
      if (count === 1 || !(error instanceof EngineError)) throw error;
      return this.#createTrainer(1); // the model may be made for single pictures
    }
  }

  /** Examples of a step. */
  #countOf(trainer: Trainer): number {
    return trainer.inputs.find(({ name }) => name === this.task.picture)?.dims[0] ?? 1;
  }

  #createTrainer(batch: number): Promise<Trainer> {
    return createTrainer(this.task.model, {
      loss: 'l1',
      optimizer: adam(),
      learningRate: this.#learningRate,
      batch,
      onLosses: (first, values) => this.#record(first, values),
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
