// A run of the bench: looks one after the other, and for each look all rivals side by side, taking turns.
//
// What is compared comes first: every rival's painting of the same picture. Then rounds: in each round every
// rival has one turn, in an order that rotates, so that whatever else the machine does meets all of them; a
// turn is a burst of steps that lasts long enough to be timed. Slow rivals leave when their time is spent, but
// never before three rounds. Where there is a page to look at it, this module does not know.

import type { LookAddress } from './look.ts';
import { sceneVideo, type Video } from './picture.ts';
import type { LeftOut, LookResult, Measured, Ran } from './results.ts';
import { isOurs, REFERENCE, RIVALS, type RivalName } from './rivals/index.ts';
import type { Stage, Work } from './stage.ts';
import { ratio, type Sample, spread } from './statistics.ts';

export interface Plan {
  readonly rivals: readonly RivalName[];
  /** Most rounds. */
  readonly rounds: number;
  /** A rival's time for each kind of work, after which it leaves the rounds. */
  readonly seconds: number;
  /** How long a turn should last at least. */
  readonly burst: number;
}

export const QUICK = { rounds: 7, seconds: 6, burst: 20 } as const;
export const LONG = { rounds: 25, seconds: 40, burst: 50 } as const;

const FEWEST_ROUNDS = 3;
const WARM_UP = 2;
const LONGEST_BURST = 64;
/** Largest difference from the reference with which a rival still computes the same. */
const SAME = 1e-3;
const PATIENCE_SECONDS = 600;

export interface Progress {
  readonly sentence: string;
  /** Of this look, so far. */
  readonly seconds: number;
  /** Until this look is done, by what was seen so far; null while nothing was. */
  readonly secondsLeft: number | null;
}

interface Entrant {
  readonly name: RivalName;
  readonly stage: Stage;
  readonly frame: HTMLIFrameElement;
  readonly result: Omit<Ran, 'times' | 'broke'>;
  readonly samples: Record<Work, Sample[]>;
  /** Milliseconds of a step, as last seen. */
  readonly pace: Record<Work, number>;
  broke: string | null;
}

export class Bench {
  readonly #plan: Plan;
  readonly #video: Video;
  readonly #tell: (progress: Progress) => void;
  /** Where the rivals' documents live. */
  readonly #home: HTMLElement;

  constructor(plan: Plan, video: Video, home: HTMLElement, tell: (progress: Progress) => void) {
    this.#plan = plan;
    this.#video = video;
    this.#home = home;
    this.#tell = tell;
  }

  async measure(look: LookAddress, cancelled: AbortSignal): Promise<LookResult> {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const still = sceneVideo(false);
    this.#video.play(false);
    const entrants: Entrant[] = [];
    const leftOut: LeftOut[] = [];
    try {
      const reference = this.#plan.rivals.includes(REFERENCE) ? [REFERENCE] : [];
      const others = this.#plan.rivals.filter(name => name !== REFERENCE);
      let expected: Expected | null = null;
      for (const name of [...reference, ...others]) {
        cancelled.throwIfAborted();
        this.#tell({
          sentence: `${look.name}: ${RIVALS[name].label} loads`,
          seconds: seconds(),
          secondsLeft: null,
        });
        const frame = await this.#document();
        try {
          const { entrant, painted } = await enter(name, frame, look, still, expected);
          expected ??= name === REFERENCE ? painted : null;
          entrants.push(entrant);
        } catch (problem) {
          frame.remove();
          leftOut.push({ name, label: RIVALS[name].label, state: 'left out', why: sentence(problem) });
        }
      }
      still.play(false);
      this.#video.play(true);
      for (const { stage } of entrants) await stage.watch(this.#video.stream);
      for (const work of ['model', 'camera'] as const) {
        this.#video.play(work === 'camera');
        await this.#rounds(entrants, work, cancelled, (sentence, secondsLeft) => {
          this.#tell({ sentence: `${look.name}, ${sentence}`, seconds: seconds(), secondsLeft });
        });
      }
    } finally {
      still.stop();
      for (const { frame } of entrants) frame.remove();
    }
    return { name: look.name, pixels: look.pixels, rivals: ordered(this.#plan.rivals, entrants, leftOut) };
  }

  async #document(): Promise<HTMLIFrameElement> {
    const frame = document.createElement('iframe');
    frame.src = './stage.html';
    frame.title = 'One rival at work';
    const loaded = new Promise<void>((done, fail) => {
      frame.onload = () => done();
      frame.onerror = () => fail(new Error('its page could not be fetched'));
    });
    this.#home.append(frame);
    await loaded;
    return frame;
  }

  async #rounds(
    entrants: readonly Entrant[],
    work: Work,
    cancelled: AbortSignal,
    tell: (sentence: string, secondsLeft: number) => void,
  ): Promise<void> {
    const what = work === 'model' ? 'the network alone' : 'camera to canvas';
    // Twice: the first may still compile or allocate.
    for (let turn = 0; turn < WARM_UP; turn++) {
      for (const entrant of entrants) {
        cancelled.throwIfAborted();
        tell(`${what}, warming up: ${entrant.result.label}`, this.#left(entrants, work));
        await this.#turn(entrant, work, null);
      }
    }
    for (let round = 0; round < this.#plan.rounds; round++) {
      const taking = entrants.filter(entrant => this.#goesOn(entrant, work));
      for (let place = 0; place < taking.length; place++) {
        cancelled.throwIfAborted();
        const entrant = taking[(place + round) % taking.length];
        if (!entrant) continue;
        tell(`${what}, round ${round + 1}: ${entrant.result.label}`, this.#left(entrants, work));
        await this.#turn(entrant, work, round);
      }
    }
  }

  #goesOn({ broke, samples, pace }: Entrant, work: Work): boolean {
    if (broke !== null) return false;
    const taken = samples[work];
    return taken.length < FEWEST_ROUNDS || spent(taken) + pace[work] < this.#plan.seconds * 1000;
  }

  /** One burst; what breaks leaves the rounds, and says why. */
  async #turn(entrant: Entrant, work: Work, round: number | null): Promise<void> {
    if (entrant.broke !== null) return;
    const pace = entrant.pace[work];
    const burst = Math.max(1, Math.min(LONGEST_BURST, Math.ceil(this.#plan.burst / pace)));
    try {
      const milliseconds = await within(entrant.stage.burst(work, burst), PATIENCE_SECONDS);
      entrant.pace[work] = milliseconds;
      if (round !== null) entrant.samples[work].push({ round, milliseconds, burst });
    } catch (problem) {
      entrant.broke = sentence(problem);
    }
    // What the page has to do meanwhile is not done in somebody's turn.
    await new Promise(done => setTimeout(done, 0));
  }

  /** Seconds until this look is done, by the paces so far. */
  #left(entrants: readonly Entrant[], work: Work): number {
    const works: readonly Work[] = work === 'model' ? ['model', 'camera'] : ['camera'];
    let milliseconds = 0;
    for (const one of works) {
      for (const { broke, samples, pace } of entrants) {
        if (broke !== null) continue;
        const taken = samples[one];
        const step = [pace[one], pace.model, 0].find(Number.isFinite) ?? 0;
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

/** What the reference painted. */
interface Expected {
  readonly planes: Float32Array;
  readonly canvas: ImageData;
}

/** Loads a rival into its document, and compares and counts before anything is timed. */
async function enter(
  name: RivalName,
  frame: HTMLIFrameElement,
  look: LookAddress,
  still: Video,
  expected: Expected | null,
): Promise<{ entrant: Entrant; painted: Expected }> {
  const stage = frame.contentWindow?.stage;
  if (!stage) throw new Error('its page did not start');
  await stage.watch(still.stream);
  const opened = await within(stage.open(name, look), PATIENCE_SECONDS);
  const planes = await within(stage.run(), PATIENCE_SECONDS);
  const canvas = await stage.painting();
  const difference = expected && largest(planes, expected.planes);
  const counted = await stage.count();
  const result = {
    name,
    label: RIVALS[name].label,
    state: 'ran',
    ...opened,
    ...counted,
    difference: difference ?? (name === REFERENCE ? 0 : null),
    shown: expected && mean(canvas.data, expected.canvas.data),
    ranked: difference === null || difference <= SAME,
  } as const;
  const pace = { model: Number.POSITIVE_INFINITY, camera: Number.POSITIVE_INFINITY };
  const samples = { model: [], camera: [] };
  return { entrant: { name, stage, frame, result, samples, pace, broke: null }, painted: { planes, canvas } };
}

/** Results in the order that was asked for, with ratios to limner's faster backend. */
function ordered(
  names: readonly RivalName[],
  entrants: readonly Entrant[],
  leftOut: readonly LeftOut[],
): (Ran | LeftOut)[] {
  const measured = (entrant: Entrant, work: Work): Measured | null => {
    const samples = entrant.samples[work];
    const found = spread(samples);
    const ours = entrants.find(({ name, broke }) => isOurs(name) && broke === null);
    return found && { spread: found, ratio: ours ? ratio(samples, ours.samples[work]) : null, samples };
  };
  return names.flatMap((name): (Ran | LeftOut)[] => {
    const entrant = entrants.find(one => one.name === name);
    if (!entrant) return leftOut.filter(one => one.name === name);
    const model = measured(entrant, 'model');
    const camera = measured(entrant, 'camera');
    const times = { ...(model && { model }), ...(camera && { camera }) };
    const { broke } = entrant;
    return [{ ...entrant.result, times, ...(broke !== null && { broke }) }];
  });
}

function largest(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  // Not a number is as far off as can be.
  for (let i = 0; i < one.length; i++) {
    const apart = Math.abs((one[i] ?? Number.NaN) - (other[i] ?? Number.NaN));
    if (!(apart <= most)) most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
  }
  return most;
}

function mean(one: Uint8ClampedArray, other: Uint8ClampedArray): number {
  let sum = 0;
  for (let i = 0; i < other.length; i++) sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0));
  return sum / other.length;
}

async function within<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`it gave no answer within ${seconds} seconds`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a rival cannot take part, in its own words; errors are of another realm, so they are asked by shape. */
export function sentence(problem: unknown): string {
  const told = (problem as { message?: unknown } | null)?.message;
  const text = typeof told === 'string' ? told : String(problem);
  return (text.split('\n')[0] ?? '').slice(0, 300);
}
