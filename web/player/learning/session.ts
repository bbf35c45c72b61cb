/** One training: it learns, pauses and begins anew, and tells what it does. */
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { DivergenceError, EngineError, type Follower, type Trainer } from '../../engine/training/index.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { AnyLook, Painter } from '../painters/painter.ts';
import type { Following } from './follower.ts';
import { countExamples, makeTrainer } from './make-trainer.ts';
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

interface Base {
  readonly model: OnnxModel;
  readonly steps: number;
}

export class Session {
  readonly losses: number[] = [];
  state: SessionState = 'paused';
  #trainer: Trainer | null = null;
  #follower: Follower<AnyLook, Painter> | null = null;
  /** What the trainer began with, and the steps until then. */
  #base: Base;
  #running: AbortController | null = null;
  /** The end of the last run. */
  #ended: Promise<void> = Promise.resolve();
  /** The end of the last change: they are made one after the other. */
  #changed: Promise<void> = Promise.resolve();
  /** Whether it shall learn: what is changed meanwhile only interrupts that. */
  #isWanted = false;
  #learningRate: number;
  /** When how many steps were done. */
  #marks: { readonly at: number; readonly steps: number }[] = [];
  #isOver = false;

  constructor(
    readonly task: LearningTask,
    readonly events: SessionEvents,
    /** How the painting follows. */
    readonly following: Following,
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
    this.#isWanted = true;
    this.#ended = this.#learn();
    await this.#ended;
  }

  async #learn(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      if (!this.#trainer) this.#setState('preparing');
      const trainer = this.#trainer ?? this.#begin(await this.#makeTrainer(this.#base.model));
      if (this.#isOver) trainer.destroy();
      if (running.signal.aborted) return;
      this.#setState('learning');
      await this.#run(trainer, running.signal);
    } catch (error) {
      this.#isWanted = false;
      if (!this.#isOver) this.#explain(error);
    } finally {
      this.#running = null;
      if (!this.#isOver) this.#setState('paused');
    }
  }

  /** What this trainer learns is learned and shown from now on. */
  #begin(trainer: Trainer): Trainer {
    this.#trainer = trainer;
    this.#follower = trainer.follow({ ...this.following, write: () => this.task.write(trainer) });
    return trainer;
  }

  pause(): void {
    this.#isWanted = false;
    this.#interrupt();
  }

  #interrupt(): void {
    if (!this.#running) return;
    this.#running.abort();
    this.#setState('pausing');
  }

  /** Goes on with or without a second network that judges. What was learned stays. */
  setSharp(isSharp: boolean): Promise<void> {
    return this.#change(async () => {
      const before = this.isSharp;
      this.isSharp = isSharp;
      try {
        await this.#exchange(async trainer => ({
          model: readModel(await trainer.save()),
          steps: this.steps,
        }));
      } catch (error) {
        this.isSharp = before;
        throw error;
      }
    });
  }

  restart(): Promise<void> {
    return this.#change(async () => {
      this.#learningRate = this.task.learningRate;
      if (this.#base.steps === 0) await this.#trainer?.restart();
      else {
        await this.#exchange(() => ({ model: this.task.model, steps: 0 }));
        this.#follower?.follow(true); // else the painting stays as it was until a step is done
      }
      if (this.#trainer) this.#trainer.learningRate = this.#learningRate;
      this.losses.length = 0;
      this.#marks = [];
      if (!this.#isOver) this.events.onChange();
    });
  }

  /** Does it when what was begun before has ended, and then learns on if that is wanted. */
  #change(work: () => Promise<void>): Promise<void> {
    const changed = this.#changed.then(work).finally(() => {
      if (this.#isWanted) void this.learn();
    });
    this.#changed = changed.catch(() => undefined);
    return changed;
  }

  /** Another trainer takes the place of the one that there is; where it cannot be made, that one stays. */
  async #exchange(makeBase: (trainer: Trainer) => Base | Promise<Base>): Promise<void> {
    while (this.#running) {
      this.#interrupt();
      await this.#ended;
    }
    const before = this.#trainer;
    if (!before || this.#isOver) return;
    this.#running = new AbortController();
    this.#setState('preparing');
    try {
      const base = await makeBase(before);
      const trainer = await this.#makeTrainer(base.model);
      before.destroy();
      this.#begin(trainer);
      this.#base = base;
      if (this.#isOver) trainer.destroy();
    } finally {
      this.#running = null;
      if (!this.#isOver) this.#setState('paused');
    }
  }

  /** The look as it is now, stored as the one was that learned. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#trainer) throw new EngineError('Nothing was learned yet; press Learn first.');
    return this.task.save(this.#trainer);
  }

  destroy(): void {
    this.#isOver = true;
    this.#running?.abort();
    this.#trainer?.destroy();
  }

  async #run(trainer: Trainer, signal: AbortSignal): Promise<void> {
    const { makeBatch, picture } = this.task;
    const count = countExamples(trainer, picture);
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

  #makeTrainer(model: OnnxModel): Promise<Trainer> {
    return makeTrainer(model, {
      task: this.task,
      learningRate: this.#learningRate,
      isSharp: this.isSharp,
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
