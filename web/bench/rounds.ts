// Runs the rounds. In each round every rival has one turn, in a new random order, so that neither other load on the
// machine nor the rival before affects one rival alone. A turn is a burst of steps that is long enough to time.
// A rival leaves when its time is used up, but not before MIN_ROUNDS. One that fails or hangs is removed at once,
// with its document. This module knows neither libraries nor the page.

import { errorMessage } from '../shared/errors.ts';
import type { Workload } from './sandbox.ts';
import type { Sample } from './statistics.ts';

export interface Plan {
  /** The largest number of rounds. */
  readonly rounds: number;
  /** A rival's time for each workload, after which it leaves the rounds. */
  readonly seconds: number;
  /** The shortest turn, in milliseconds. */
  readonly burst: number;
}

export interface Participant {
  readonly label: string;
  readonly samples: Record<Workload, Sample[]>;
  /** Milliseconds of the last step that was timed; null before the first. */
  readonly stepMs: Record<Workload, number | null>;
  /** Why it left early, if it did. */
  failure: string | null;
  /** Mean milliseconds of `steps` steps; null if it was stopped between two. */
  timeSteps(workload: Workload, steps: number, isStopped: () => boolean): Promise<number | null>;
  /** Removes its document, and with it all that still runs there. */
  remove(): void;
}

export type OnProgress = (message: string, secondsLeft: number | null) => void;

const MIN_ROUNDS = 3;
const WARM_UP_TURNS = 2;
const MAX_BURST = 64;

export class Rounds {
  readonly #participants: readonly Participant[];
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  readonly #onProgress: OnProgress;
  readonly #random: () => number;

  constructor(participants: readonly Participant[], plan: Plan, signal: AbortSignal, onProgress: OnProgress) {
    this.#participants = participants;
    this.#plan = plan;
    this.#signal = signal;
    this.#onProgress = onProgress;
    this.#random = seededRandom(1);
  }

  async run(workload: Workload): Promise<void> {
    const label = workload === 'model' ? 'the network alone' : 'camera to canvas';
    // Twice: the first turn may still compile or allocate.
    for (let turn = 0; turn < WARM_UP_TURNS; turn++) {
      for (const participant of this.#participants) {
        this.#onProgress(`${label}, warming up: ${participant.label}`, this.#secondsLeft(workload));
        await this.#takeTurn(participant, workload, null);
      }
    }
    for (let round = 0; round < this.#plan.rounds; round++) {
      const active = this.#participants.filter(participant => this.#hasTimeLeft(participant, workload));
      for (const participant of shuffle(active, this.#random)) {
        this.#onProgress(`${label}, round ${round + 1}: ${participant.label}`, this.#secondsLeft(workload));
        await this.#takeTurn(participant, workload, round);
      }
    }
  }

  #hasTimeLeft({ failure, samples, stepMs }: Participant, workload: Workload): boolean {
    if (failure !== null) return false;
    const timed = samples[workload];
    return timed.length < MIN_ROUNDS || totalMs(timed) + (stepMs[workload] ?? 0) < this.#plan.seconds * 1000;
  }

  /** Times one burst. A rival that fails is removed, and keeps the reason. */
  async #takeTurn(participant: Participant, workload: Workload, round: number | null): Promise<void> {
    const isStopped = () => this.#signal.aborted;
    this.#signal.throwIfAborted();
    if (participant.failure !== null) return;
    const stepMs = participant.stepMs[workload];
    const steps = stepMs === null ? 1 : Math.ceil(this.#plan.burst / stepMs);
    const burst = Math.max(1, Math.min(MAX_BURST, steps));
    try {
      const milliseconds = await withTimeout(participant.timeSteps(workload, burst, isStopped), this.#signal);
      this.#signal.throwIfAborted();
      if (milliseconds === null) return;
      participant.stepMs[workload] = milliseconds;
      if (round !== null) participant.samples[workload].push({ round, milliseconds, burst });
    } catch (error) {
      this.#signal.throwIfAborted();
      participant.failure = failureReason(error);
      participant.remove();
    }
    // Lets the page do its own work between turns.
    await new Promise(resolve => setTimeout(resolve, 0));
  }

  /** Seconds until all is done, estimated from the steps so far; null while a rival has none. */
  #secondsLeft(workload: Workload): number | null {
    const workloads: readonly Workload[] = workload === 'model' ? ['model', 'camera'] : ['camera'];
    let milliseconds = 0;
    for (const one of workloads) {
      for (const { failure, samples, stepMs } of this.#participants) {
        if (failure !== null) continue;
        const step = stepMs[one] ?? stepMs.model;
        if (step === null) return null;
        const timed = samples[one];
        const turn = Math.max(step, this.#plan.burst);
        const affordable = (this.#plan.seconds * 1000 - totalMs(timed)) / turn;
        const rounds = Math.max(MIN_ROUNDS - timed.length, affordable);
        milliseconds += turn * Math.max(0, Math.min(rounds, this.#plan.rounds - timed.length));
      }
    }
    return milliseconds / 1000;
  }
}

const totalMs = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { milliseconds, burst }) => sum + milliseconds * burst, 0);

/** A seeded random number generator for 0..1: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Shuffles uniformly (Fisher-Yates). */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const remaining = [...items];
  return items.flatMap(() => remaining.splice(Math.floor(random() * remaining.length), 1));
}

const TIMEOUT_SECONDS = 600;

/** Rejects after a timeout, or when the run is stopped: a rival that hangs does not react itself. */
export async function withTimeout<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const timeout = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`it gave no answer within ${TIMEOUT_SECONDS} seconds`)),
      TIMEOUT_SECONDS * 1000,
    );
    settled.signal.addEventListener('abort', () => clearTimeout(timer));
    signal.addEventListener('abort', () => reject(signal.reason), { signal: settled.signal });
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    settled.abort();
  }
}

/** The first line of an error's message: some libraries put a stack trace into theirs. */
export const failureReason = (error: unknown): string =>
  (errorMessage(error).split('\n')[0] ?? '').slice(0, 300);
