/** Times workloads in rounds. In each round every one has a turn, in a new order that the seed gives: neither other load on the
 * machine nor the one before affects one alone. It knows neither the engine nor the page. */

import { burstOf } from '../../shared/clock.ts';
import { errorMessage } from '../../shared/errors.ts';
import { type Measurement, maxDifference, summarizeRounds } from '../../shared/measurement.ts';
import { randomNumbers, shuffled } from '../numbers/random.ts';
import { type Gate, stoppable } from './gate.ts';
import type { Workload } from './workload.ts';

/** As in `limner bench everywhere`. */
export interface RoundsPlan {
  /** Samples of each workload, in all rounds together. */
  readonly runs: number;
  readonly rounds: number;
  /** The turns of a workload end after so much time, each after its part, but not before its first sample. */
  readonly seconds: number;
  readonly seed: number;
}

export interface RoundsHost {
  readonly now: () => number;
  /** The clock's step, in milliseconds. */
  readonly clockStep: number;
  readonly version: string;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Lets the page do what else there is. */
  readonly nextTask: () => Promise<void>;
}

export interface Progress {
  /** What is done now: "Loading" or "Round 2 of 5". */
  readonly phase: string;
  readonly workload: Workload;
  /** 0..1. */
  readonly part: number;
  /** Null while something is not loaded yet, whose time cannot be told. */
  readonly secondsLeft: number | null;
}

/** A workload, and what is known of it so far. */
export interface Row {
  readonly workload: Workload;
  /** Milliseconds of a run, of each sample of each round. */
  readonly rounds: number[][];
  runs: number;
  /** Of the last sample. */
  runMs: number;
  loadMs: number | null;
  firstRunMs: number | null;
  maxDifference: number | null;
  reason: string | null;
}

const WARM_UP_RUNS = 2;
/** A turn in which the GPU is lost is taken again once. */
const MAX_REPEATS = 1;
const TIMEOUT_MS = 120_000;
/** Loading is a tenth of the bar. */
const LOADING_PART = 0.1;

export class Rounds {
  readonly rows: readonly Row[];

  /** `references` give the answers that others of the same model and kind are compared with, and are timed only if they are
   * among the workloads too. */
  constructor(
    readonly workloads: readonly Workload[],
    readonly references: readonly Workload[],
    readonly plan: RoundsPlan,
    readonly host: RoundsHost,
  ) {
    this.rows = workloads.map(workload => ({
      workload,
      rounds: [],
      runs: 0,
      runMs: 0,
      loadMs: null,
      firstRunMs: null,
      maxDifference: null,
      reason: workload.reason,
    }));
  }

  /** Rejects with the signal's reason when it is stopped; what was timed until then stays in the rows. */
  async run(): Promise<void> {
    try {
      await this.#load();
      const { rounds, seed } = this.plan;
      for (let round = 0; round < rounds; round++) {
        const active = this.#active;
        for (const index of shuffled(active.length, randomNumbers(seed, round))) {
          const row = active[index];
          if (row) await this.#turn(row, round);
        }
      }
    } finally {
      for (const one of new Set([...this.workloads, ...this.references])) one.destroy();
    }
  }

  /** Rows that have not failed. */
  get #active(): readonly Row[] {
    return this.rows.filter(({ reason }) => reason === null);
  }

  async #load(): Promise<void> {
    const answers = new Map<string, Float32Array>();
    const keyOf = ({ model, kind }: Workload) => `${kind} ${model}`;
    const rowOf = new Map(this.rows.map(row => [row.workload, row]));
    const order = [...new Set([...this.references, ...this.workloads])];
    for (const [index, workload] of order.entries()) {
      await this.host.gate.pass(this.host.signal);
      this.#tell('Loading', workload, (LOADING_PART * index) / order.length, null);
      const row = rowOf.get(workload);
      if (workload.reason !== null) continue;
      try {
        const answer = await this.#prepare(workload, row);
        if (this.references.includes(workload)) answers.set(keyOf(workload), answer);
        const reference = answers.get(keyOf(workload));
        if (row && reference) row.maxDifference = maxDifference(answer, reference);
      } catch (error) {
        this.#fail(workload, row, error);
      }
      if (!row) workload.destroy();
    }
  }

  async #prepare(workload: Workload, row: Row | undefined): Promise<Float32Array> {
    const begin = this.host.now();
    await this.#limited(workload.load());
    const loaded = this.host.now();
    await this.#limited(workload.first());
    const ran = this.host.now();
    const answer = await this.#limited(workload.answer());
    if (row) {
      const before = this.host.now();
      await this.#limited(workload.run(WARM_UP_RUNS));
      row.runMs = (this.host.now() - before) / WARM_UP_RUNS;
      row.loadMs = loaded - begin;
      row.firstRunMs = ran - loaded;
    }
    return answer;
  }

  async #turn(row: Row, round: number): Promise<void> {
    const { gate, signal, nextTask } = this.host;
    const { workload } = row;
    for (let repeats = 0; row.reason === null; ) {
      await gate.pass(signal);
      const taken = this.rows.reduce((sum, { rounds }) => sum + rounds.length, 0);
      const part = LOADING_PART + ((1 - LOADING_PART) * taken) / (taken + this.#turnsLeft);
      this.#tell(`Round ${round + 1} of ${this.plan.rounds}`, workload, part, this.#secondsLeft);
      const [interruptions, revivals] = [gate.interruptions, workload.revivals];
      try {
        const { samples, runs } = await this.#samples(row);
        const isLost = workload.revivals !== revivals;
        if (!isLost && gate.interruptions === interruptions) {
          row.rounds.push(samples);
          row.runs += runs;
          break;
        }
        if (isLost && ++repeats > MAX_REPEATS) throw new Error('The GPU was lost again and again.');
      } catch (error) {
        this.#fail(workload, row, error);
      }
    }
    await nextTask();
  }

  async #samples(row: Row): Promise<{ samples: number[]; runs: number }> {
    const { now, clockStep } = this.host;
    const { workload } = row;
    const samples: number[] = [];
    const { count, milliseconds } = this.#turnLength;
    const end = now() + milliseconds;
    let runs = 0;
    do {
      const burst = burstOf(row.runMs, clockStep);
      const begin = now();
      await this.#limited(workload.run(burst));
      row.runMs = (now() - begin) / burst;
      samples.push(row.runMs);
      runs += burst;
    } while (samples.length < count && now() < end);
    return { samples, runs };
  }

  /** Removes a workload that failed, and keeps the reason. A run that is stopped ends. */
  #fail(workload: Workload, row: Row | undefined, error: unknown): void {
    this.host.signal.throwIfAborted();
    workload.destroy();
    if (row) row.reason = errorMessage(error);
  }

  async #limited<T>(promise: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`It gave no answer within ${TIMEOUT_MS / 1000} seconds.`)),
        TIMEOUT_MS,
      );
    });
    try {
      return await stoppable(Promise.race([promise, late]), this.host.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  get #turnsLeft(): number {
    return this.#active.reduce((sum, { rounds }) => sum + this.plan.rounds - rounds.length, 0);
  }

  get #secondsLeft(): number {
    const { count, milliseconds } = this.#turnLength;
    const left = this.#active.reduce((sum, { runMs, rounds }) => {
      const sample = runMs * burstOf(runMs, this.host.clockStep);
      return (
        sum + Math.max(sample, Math.min(milliseconds, count * sample)) * (this.plan.rounds - rounds.length)
      );
    }, 0);
    return left / 1000;
  }

  get #turnLength(): { readonly count: number; readonly milliseconds: number } {
    const { runs, rounds, seconds } = this.plan;
    return { count: Math.ceil(runs / rounds), milliseconds: (1000 * seconds) / rounds };
  }

  #tell(phase: string, workload: Workload, part: number, secondsLeft: number | null): void {
    this.host.onProgress({ phase, workload, part, secondsLeft });
  }

  get measurements(): Measurement[] {
    return this.rows.map(row => toMeasurement(row, this.host.version));
  }
}

/** A row of the table, the same as `limner bench everywhere` writes. */
export function toMeasurement(row: Row, version: string): Measurement {
  const { workload, loadMs, firstRunMs, maxDifference, reason } = row;
  const { model, backend, kind, batch, device, software } = workload;
  return {
    ...{ model, platform: 'browser', runtime: 'limner', version, backend, device, software },
    threads: backend === 'cpu' ? 1 : null,
    precision: 'float32',
    ...{ batch, kind, loadMs, firstRunMs, cpuMs: null, maxDifference, bytes: null },
    ...{ accuracy: null, accuracyDifference: null },
    ...summarizeRounds(reason === null ? row.rounds : []),
    runs: reason === null ? row.runs : 0,
    ...(reason !== null && { reason }),
  };
}
