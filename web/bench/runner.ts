// A run of the bench: looks one after the other, and for each look all rivals side by side. What is compared
// comes first: every rival's painting of the same picture. Then what a frame asks of the GPU is counted, in a
// document that is used for nothing else; then rounds (`rounds.ts`); then what was fetched is weighed. Where
// there is a page to look at it, this module does not know.

import { compared, type Painted } from './comparison.ts';
import type { LookAddress } from './look-files.ts';
import type { LeftOut, LookResult, Measured, Ran } from './results.ts';
import { isOurs, REFERENCE, RIVALS, type RivalName } from './rivals/index.ts';
import { type Entrant, type Plan, Rounds, sentence, within } from './rounds.ts';
import type { Stage, Work } from './sandbox.ts';
import { ratio, spread } from './statistics.ts';
import { sceneVideo, type Video } from './test-input.ts';
import { weigh } from './transfer-size.ts';

export const QUICK = { rounds: 7, seconds: 6, burst: 20 } as const;
export const LONG = { rounds: 25, seconds: 40, burst: 50 } as const;

export interface Progress {
  readonly sentence: string;
  /** Of this look, so far. */
  readonly seconds: number;
  /** Until this look is done, by what was seen so far; null while nothing was. */
  readonly secondsLeft: number | null;
}

interface Contender extends Entrant {
  readonly name: RivalName;
  readonly stage: Stage;
  readonly result: Omit<Ran, 'times' | 'broke' | 'code'>;
  /** Addresses of all that its document fetched, the look apart. */
  readonly fetched: readonly string[];
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

  async measure(
    look: LookAddress,
    rivals: readonly RivalName[],
    cancelled: AbortSignal,
  ): Promise<LookResult> {
    const began = performance.now();
    const tell = (what: string, secondsLeft: number | null) =>
      this.#tell({ sentence: what, seconds: (performance.now() - began) / 1000, secondsLeft });
    const still = sceneVideo(false);
    this.#video.play(false);
    const contenders: Contender[] = [];
    const leftOut: LeftOut[] = [];
    try {
      const reference = rivals.includes(REFERENCE) ? [REFERENCE] : [];
      let expected: Painted | null = null;
      for (const name of [...reference, ...rivals.filter(one => one !== REFERENCE)]) {
        cancelled.throwIfAborted();
        const { label } = RIVALS[name];
        tell(`${look.name}: ${label} loads`, null);
        try {
          const entered = await this.#enter(name, look, still, expected, cancelled);
          if (name === REFERENCE) expected = entered.painted;
          contenders.push(entered.contender);
        } catch (problem) {
          cancelled.throwIfAborted();
          leftOut.push({ name, label, state: 'left out', why: sentence(problem) });
        }
      }
      still.play(false);
      this.#video.play(true);
      for (const { stage } of contenders) await stage.watch(this.#video.stream);
      const rounds = new Rounds(contenders, this.#plan, cancelled, (what, left) =>
        tell(`${look.name}, ${what}`, left),
      );
      for (const work of ['model', 'camera'] as const) {
        this.#video.play(work === 'camera');
        await rounds.run(work);
      }
      this.#video.play(false);
      const rows = await Promise.all(contenders.map(one => row(one, contenders)));
      const all = [...rows, ...leftOut];
      return {
        name: look.name,
        pixels: look.pixels,
        rivals: rivals.flatMap(name => all.filter(one => one.name === name)),
      };
    } finally {
      still.stop();
      for (const contender of contenders) contender.remove();
    }
  }

  /** Loads a rival into its document and compares it; then counts its calls in another. */
  async #enter(
    name: RivalName,
    look: LookAddress,
    still: Video,
    expected: Painted | null,
    cancelled: AbortSignal,
  ): Promise<{ contender: Contender; painted: Painted }> {
    const { stage, frame } = await this.#document();
    try {
      await stage.watch(still.stream);
      const opened = await within(stage.open(name, look), cancelled);
      const planes = await within(stage.run(), cancelled);
      const { data: canvas } = await within(stage.painting(), cancelled);
      const painted = { planes, canvas };
      const fetched = stage.fetched();
      const counted = await this.#count(name, look, still, cancelled);
      const contender: Contender = {
        name,
        label: RIVALS[name].label,
        stage,
        fetched,
        result: {
          name,
          label: RIVALS[name].label,
          state: 'ran',
          ...opened,
          ...counted,
          ...compared(painted, name === REFERENCE ? painted : expected),
        },
        samples: { model: [], camera: [] },
        pace: { model: null, camera: null },
        broke: null,
        burst: (work, steps, stopped) => stage.burst(work, steps, stopped),
        remove: () => frame.remove(),
      };
      return { contender, painted };
    } catch (problem) {
      frame.remove();
      throw problem;
    }
  }

  async #count(name: RivalName, look: LookAddress, still: Video, cancelled: AbortSignal) {
    const { stage, frame } = await this.#document();
    try {
      await stage.watch(still.stream);
      return await within(stage.count(name, look), cancelled);
    } finally {
      frame.remove();
    }
  }

  async #document(): Promise<{ stage: Stage; frame: HTMLIFrameElement }> {
    const frame = document.createElement('iframe');
    frame.src = './sandbox.html';
    frame.title = 'One rival at work';
    const loaded = new Promise<void>((done, fail) => {
      frame.onload = () => done();
      frame.onerror = () => fail(new Error('its page could not be fetched'));
    });
    this.#home.append(frame);
    await loaded;
    const stage = frame.contentWindow?.stage;
    if (!stage) {
      frame.remove();
      throw new Error('its page did not start');
    }
    return { stage, frame };
  }
}

/** What was found of a rival, with ratios to limner. */
async function row(contender: Contender, all: readonly Contender[]): Promise<Ran> {
  const ours = all.find(({ name, broke }) => isOurs(name) && broke === null);
  const measured = (work: Work): Measured | null => {
    const samples = contender.samples[work];
    const found = spread(samples);
    return found && { spread: found, ratio: ours ? ratio(samples, ours.samples[work]) : null, samples };
  };
  const { broke, result, fetched } = contender;
  const model = measured('model');
  const camera = measured('camera');
  const times = { ...(model && { model }), ...(camera && { camera }) };
  return { ...result, code: await weigh(fetched), times, ...(broke !== null && { broke }) };
}
