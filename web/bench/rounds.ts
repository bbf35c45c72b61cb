// Rounds: in each, every rival has one turn, in an order that is drawn anew, so that neither what else the
// machine does nor who came just before meets one rival alone. A turn is a burst of steps that lasts long enough
// to be timed. Slow rivals leave when their time is spent, but never before three rounds; one that breaks or
// hangs leaves at once, with its document. Neither libraries nor the page are known here.

import { errorMessage } from '../shared/errors.ts';
import type { Work } from './sandbox.ts';
import type { Sample } from './statistics.ts';

export interface Plan {
  /** Most rounds. */
  readonly rounds: number;
  /** A rival's time for each kind of work, after which it leaves the rounds. */
  readonly seconds: number;
  /** How long a turn should last at least, in milliseconds. */
  readonly burst: number;
}

export interface Entrant {
  readonly label: string;
  readonly samples: Record<Work, Sample[]>;
  /** Milliseconds of a step, as last seen; null before the first. */
  readonly pace: Record<Work, number | null>;
  /** Why it left early, where it did. */
  broke: string | null;
  /** Milliseconds of each of so many steps; null where it was stopped between two. */
  burst(work: Work, steps: number, stopped: () => boolean): Promise<number | null>;
  /** Its document goes, and with it whatever still runs there. */
  remove(): void;
}

export type Tell = (sentence: string, secondsLeft: number | null) => void;

const FEWEST_ROUNDS = 3;
const WARM_UP = 2;
const LONGEST_BURST = 64;

export class Rounds {
  readonly #entrants: readonly Entrant[];
  readonly #plan: Plan;
  readonly #cancelled: AbortSignal;
  readonly #tell: Tell;
  readonly #random: () => number;

  constructor(entrants: readonly Entrant[], plan: Plan, cancelled: AbortSignal, tell: Tell) {
    this.#entrants = entrants;
    this.#plan = plan;
    this.#cancelled = cancelled;
    this.#tell = tell;
    this.#random = randomFrom(1);
  }

  async run(work: Work): Promise<void> {
    const what = work === 'model' ? 'the network alone' : 'camera to canvas';
    // Twice: the first may still compile or allocate.
    for (let turn = 0; turn < WARM_UP; turn++) {
      for (const entrant of this.#entrants) {
        this.#tell(`${what}, warming up: ${entrant.label}`, this.#left(work));
        await this.#turn(entrant, work, null);
      }
    }
    for (let round = 0; round < this.#plan.rounds; round++) {
      const taking = this.#entrants.filter(entrant => this.#goesOn(entrant, work));
      for (const entrant of shuffled(taking, this.#random)) {
        this.#tell(`${what}, round ${round + 1}: ${entrant.label}`, this.#left(work));
        await this.#turn(entrant, work, round);
      }
    }
  }

  #goesOn({ broke, samples, pace }: Entrant, work: Work): boolean {
    if (broke !== null) return false;
    const taken = samples[work];
    return taken.length < FEWEST_ROUNDS || spent(taken) + (pace[work] ?? 0) < this.#plan.seconds * 1000;
  }

  /** One burst; what breaks leaves, and says why. */
  async #turn(entrant: Entrant, work: Work, round: number | null): Promise<void> {
    const stopped = () => this.#cancelled.aborted;
    this.#cancelled.throwIfAborted();
    if (entrant.broke !== null) return;
    const pace = entrant.pace[work];
    const wanted = pace === null ? 1 : Math.ceil(this.#plan.burst / pace);
    const burst = Math.max(1, Math.min(LONGEST_BURST, wanted));
    try {
      const milliseconds = await within(entrant.burst(work, burst, stopped), this.#cancelled);
      this.#cancelled.throwIfAborted();
      if (milliseconds === null) return;
      entrant.pace[work] = milliseconds;
      if (round !== null) entrant.samples[work].push({ round, milliseconds, burst });
    } catch (problem) {
      this.#cancelled.throwIfAborted();
      entrant.broke = sentence(problem);
      entrant.remove();
    }
    // What the page has to do meanwhile is not done in somebody's turn.
    await new Promise(done => setTimeout(done, 0));
  }

  /** Seconds until all is done, by the paces so far; null while one has none. */
  #left(work: Work): number | null {
    const works: readonly Work[] = work === 'model' ? ['model', 'camera'] : ['camera'];
    let milliseconds = 0;
    for (const one of works) {
      for (const { broke, samples, pace } of this.#entrants) {
        if (broke !== null) continue;
        const step = pace[one] ?? pace.model;
        if (step === null) return null;
        const taken = samples[one];
        const turn = Math.max(step, this.#plan.burst);
        const affordable = (this.#plan.seconds * 1000 - spent(taken)) / turn;
        const rounds = Math.max(FEWEST_ROUNDS - taken.length, affordable);
        milliseconds += turn * Math.max(0, Math.min(rounds, this.#plan.rounds - taken.length));
      }
    }
    return milliseconds / 1000;
  }
}

const spent = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { milliseconds, burst }) => sum + milliseconds * burst, 0);

/** The same numbers of 0..1 in each run: mulberry32, a generator of 32 bits. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every order is as likely (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}

const PATIENCE_SECONDS = 600;

/** Rejects when it takes too long, or when the run is stopped: what hangs hears nothing. */
export async function within<T>(work: Promise<T>, cancelled: AbortSignal): Promise<T> {
  const over = new AbortController();
  const late = new Promise<never>((_, fail) => {
    const timer = setTimeout(
      () => fail(new Error(`it gave no answer within ${PATIENCE_SECONDS} seconds`)),
      PATIENCE_SECONDS * 1000,
    );
    over.signal.addEventListener('abort', () => clearTimeout(timer));
    cancelled.addEventListener('abort', () => fail(cancelled.reason), { signal: over.signal });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** The first line of an error's message: the stack traces of libraries are too long for a table. */
export const sentence = (problem: unknown): string =>
  (errorMessage(problem).split('\n')[0] ?? '').slice(0, 300);
