// The trainer at work: steps one after the other, their losses now and then, and the weights.

import { EngineError } from '../error.ts';
import type { OnnxValue } from '../onnx/model.ts';
import type { Painter } from '../painter.ts';
import type { Tensors } from './backend.ts';
import type { Training, TrainingBackendName } from './backends.ts';
import { type Batch, type BatchInput, batchInputs, readBatch } from './batch.ts';
import { DivergenceError } from './divergence.ts';
import { type Followed, type FollowedLook, Follower, type FollowOptions, type Leader } from './follower.ts';
import type { LossName } from './losses.ts';
import { nextTask } from './next-task.ts';
import { noiseInputs } from './noise.ts';
import { initialState } from './program.ts';
import { areFinite, type RecoveringBackend, type StepRecord } from './recovering-backend.ts';
import { writeTrained } from './trained-model.ts';
import type {
  Ended,
  LearningPainterOptions,
  LearningRate,
  NextBatch,
  OnLosses,
  Trainer,
  Until,
} from './trainer.ts';

export interface LoopSettings {
  readonly loss: LossName;
  readonly learningRate: LearningRate;
  /** Of the random numbers. */
  readonly seed: number;
  /** Steps between two snapshots. Default: as many as take two seconds. */
  readonly snapshotEvery?: number | undefined;
  readonly onLosses?: OnLosses | undefined;
  /** Where arrays stay as they are: those of former batches, which are not checked again. */
  readonly known?: WeakSet<Float32Array> | undefined;
  /** The inputs and outputs of the file, which may be open for batches of any size. */
  readonly file: { readonly inputs: readonly OnnxValue[]; readonly outputs: readonly OnnxValue[] };
}

/** Losses are read at most so often. */
const LOSS_INTERVAL_MS = 250;
/** The page goes on after each step that comes so late, or later. */
const REST_MS = 4;
const SNAPSHOT_INTERVAL_MS = 2000;
/** The part of the time that snapshots may take. */
const SNAPSHOT_SHARE = 0.05;
/** Memory for batches that are kept for another computation; with more, a snapshot is made. */
const MAX_KEPT_BYTES = 2 ** 26;

export class TrainingLoop implements Trainer {
  readonly inputs: readonly BatchInput[];
  readonly target: string;
  learningRate: LearningRate;
  #queue: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  /** Why the training went back to its last snapshot, until a step has thrown it. */
  #divergence: DivergenceError | null = null;
  #lastRead = -Infinity;
  #lastSnapshot = performance.now();
  #snapshotCost = 0;
  /** The smallest loss of this run. */
  #leastLoss = Infinity;
  readonly #followers = new Set<Pick<Follower<FollowedLook, Followed>, 'follow' | 'stop' | 'isOver'>>();

  constructor(
    readonly training: Training,
    readonly recovering: RecoveringBackend,
    readonly settings: LoopSettings,
  ) {
    this.inputs = batchInputs(training.step, settings.loss);
    this.target = training.step.target;
    this.learningRate = settings.learningRate;
  }

  get backend(): TrainingBackendName {
    return this.recovering.backend.name;
  }

  get adapter(): string {
    return this.recovering.backend.adapter;
  }

  get recoveries(): number {
    return this.recovering.recoveries;
  }

  get steps(): number {
    return this.recovering.steps;
  }

  async step(batch: Batch): Promise<void> {
    const tensors = readBatch(this.inputs, batch);
    const copy = new Map(Array.from(tensors, ([name, values]) => [name, values.slice()]));
    const bytes = [...copy.values()].reduce((sum, values) => sum + values.byteLength, 0);
    await this.#enqueue(() => this.#step({ batch: () => copy, bytes }));
  }

  async runUntil(nextBatch: NextBatch, until: Until): Promise<Ended> {
    checkUntil(until);
    if (this.#isRunning) throw new EngineError('The trainer runs already; await the first run or abort it.');
    this.#isRunning = true;
    try {
      return await this.#run(nextBatch, until);
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(nextBatch: NextBatch, until: Until): Promise<Ended> {
    const begin = performance.now();
    let rested = begin;
    this.#leastLoss = Infinity;
    for (let done = 0; ; done++) {
      const ended = this.#ended(until, done, performance.now() - begin);
      if (ended) {
        await this.finished();
        return ended;
      }
      await this.#enqueue(() => {
        const number = this.steps;
        const batch = async () => readBatch(this.inputs, await nextBatch(number), this.settings.known);
        return this.#step({ batch, bytes: 0 });
      });
      // Most of a fast step would be the waiting for a task of its own.
      if (performance.now() - rested < REST_MS) continue;
      await nextTask();
      rested = performance.now();
    }
  }

  #ended({ steps, loss, milliseconds, signal }: Until, done: number, passed: number): Ended | null {
    if (signal?.aborted) return 'signal';
    if (steps !== undefined && done >= steps) return 'steps';
    if (milliseconds !== undefined && passed >= milliseconds) return 'milliseconds';
    return loss !== undefined && this.#leastLoss <= loss ? 'loss' : null;
  }

  finished(): Promise<void> {
    return this.#enqueue(async () => {
      await this.recovering.finished();
      await this.#readLosses();
      this.#throwDivergence();
      this.#showLearned(true);
    });
  }

  /** Names of what the model learns, and of its running statistics: the adversary's are none of its own. */
  get #learned(): string[] {
    const { parameters, statistics, inference } = this.training.step;
    const names = [...parameters, ...statistics.map(({ constant }) => constant)].map(({ name }) => name);
    return names.filter(name => inference.constants.has(name));
  }

  weights(): Promise<Map<string, Float32Array>> {
    return this.#enqueue(async () => new Map(await this.#readGood(this.#learned)));
  }

  save(): Promise<Uint8Array> {
    const { step } = this.training;
    return this.#enqueue(async () => {
      const { inputs, outputs } = this.settings.file;
      return writeTrained({ ...step.inference, inputs, outputs }, await this.#readGood(this.#learned));
    });
  }

  restart(weights: Tensors = new Map()): Promise<void> {
    const { step, optimizer } = this.training;
    const state = initialState(step, optimizer);
    for (const [name, values] of weights) {
      const own = state.get(name);
      if (!own || own.length !== values.length) {
        throw new EngineError(`The model has no weights '${name}' of ${values.length} numbers.`);
      }
      own.set(values);
    }
    return this.#enqueue(async () => {
      this.#divergence = null;
      await this.recovering.rewind({ steps: 0, state });
      this.#showLearned(true);
    });
  }

  async createPainter(options: LearningPainterOptions): Promise<Painter> {
    // Fetched now, since most trainings show no painting.
    const { LearningPainter } = await import('./learning-painter.ts');
    const painter = await LearningPainter.create(this.#leader, options);
    this.#followers.add(painter.follower);
    return painter;
  }

  follow<L extends FollowedLook, P extends Followed>(options: FollowOptions<L, P>): Follower<L, P> {
    const follower = new Follower(this.#leader, options);
    this.#followers.add(follower);
    return follower;
  }

  get #leader(): Leader {
    const { recovering } = this;
    return {
      save: () => this.save(),
      shared: () => (recovering.isOver ? null : (recovering.backend.shared ?? null)),
    };
  }

  #showLearned(isLast: boolean): void {
    for (const follower of this.#followers) {
      if (follower.isOver) this.#followers.delete(follower);
      else follower.follow(isLast);
    }
  }

  destroy(): void {
    for (const follower of this.#followers) follower.stop();
    this.recovering.destroy();
  }

  /** One thing after the other. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const made = this.#queue.then(work);
    this.#queue = made.catch(() => undefined);
    return made;
  }

  async #step(record: Omit<StepRecord, 'scalars'>): Promise<void> {
    this.#throwDivergence();
    const { recovering, training } = this;
    const number = recovering.steps;
    const rate = typeof this.learningRate === 'number' ? this.learningRate : this.learningRate(number);
    if (!Number.isFinite(rate)) {
      throw new EngineError(`The learning rate of step ${number} is ${rate}; give a finite number.`);
    }
    const { step, optimizer } = training;
    const batch = async () =>
      new Map([...(await record.batch()), ...noiseInputs(step, this.settings.seed, number)]);
    await recovering.step({ ...record, batch, scalars: optimizer.scalars(number + 1, rate) });
    const now = performance.now();
    if (this.#isSnapshotDue(now)) await this.#snapshot();
    else if (now - this.#lastRead >= LOSS_INTERVAL_MS) await this.#readLosses();
    this.#throwDivergence();
    this.#showLearned(false);
  }

  #isSnapshotDue(now: number): boolean {
    const { keptBytes, keptSteps } = this.recovering;
    if (keptBytes >= MAX_KEPT_BYTES) return true;
    const { snapshotEvery } = this.settings;
    if (snapshotEvery !== undefined) return keptSteps >= snapshotEvery;
    return now - this.#lastSnapshot >= Math.max(SNAPSHOT_INTERVAL_MS, this.#snapshotCost / SNAPSHOT_SHARE);
  }

  async #snapshot(): Promise<void> {
    const begin = performance.now();
    await this.#readLosses();
    if (this.#divergence) return;
    if (!(await this.recovering.keep())) await this.#diverge('The weights became infinite or NaN');
    this.#lastSnapshot = performance.now();
    this.#snapshotCost = this.#lastSnapshot - begin;
  }

  async #readLosses(): Promise<void> {
    const { first, values } = await this.recovering.losses();
    this.#lastRead = performance.now();
    const bad = values.findIndex(value => !Number.isFinite(value));
    const good = bad < 0 ? values : values.subarray(0, bad);
    this.#leastLoss = good.reduce((least, value) => Math.min(least, value), this.#leastLoss);
    if (good.length > 0) this.settings.onLosses?.(first, good);
    if (bad >= 0) await this.#diverge(`The loss was ${values[bad]} in step ${first + bad}`);
  }

  /** Goes back to the last good state. The next step tells why. */
  async #diverge(what: string): Promise<void> {
    await this.recovering.rewind();
    this.#showLearned(true);
    this.#divergence = new DivergenceError(
      `${what}; train with a smaller learning rate. The weights are those after ${this.steps} steps again.`,
    );
  }

  #throwDivergence(): void {
    const error = this.#divergence;
    this.#divergence = null;
    if (error) throw error;
  }

  /** Tensors of the state now, or of the last good one. */
  async #readGood(names: readonly string[]): Promise<Tensors> {
    const { recovering } = this;
    try {
      await this.#readLosses();
      const state = await recovering.read(names);
      if (areFinite(state)) return state;
      await this.#diverge('The weights became infinite or NaN');
    } catch (error) {
      if (!recovering.isOver) throw error;
    }
    const { state } = recovering.snapshot;
    return new Map(names.map(name => [name, (state.get(name) ?? new Float32Array()).slice()]));
  }
}

function checkUntil({ steps, loss, milliseconds, signal }: Until): void {
  const numbers = [steps, loss, milliseconds].filter(one => one !== undefined);
  if (numbers.some(Number.isNaN) || (numbers.length === 0 && !signal)) {
    throw new EngineError('runUntil() needs an end: steps, a loss, milliseconds or a signal.');
  }
}
