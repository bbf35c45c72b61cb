// A painter that survives the GPU. Drivers are updated, laptops sleep, browsers restart their GPU process:
// then every object on the GPU is gone. This one has another painter made on the same canvas, with the live
// values and the guide as they were, and paints the last picture again; who uses it notices a short pause.
//
// It is no painter itself: a backend's painter does the work, and says when it is lost. Nothing is tried for
// ever: a look that takes the GPU down each time is given up, since browsers take the GPU from such pages.

import { EngineError, reasonOf } from '../error.ts';
import type { LookInfo } from '../look.ts';
import type { Backend, Canvas, Examinable, FrameSource, Painter } from '../painter.ts';
import { Watchdog } from './health-monitor.ts';
import { faultOf } from './probe.ts';

/** Pauses before each revival within a minute, in milliseconds; one loss more is the end. */
export const PAUSES: readonly number[] = [0, 1000];
const FORGOTTEN_MS = 60_000;
/** A run that fails because the GPU goes away may hear of it a little before anyone else does. */
const HEARSAY_MS = 100;

export interface Making {
  /** Makes a backend's painter: at first, and again after each loss; a careful one where the last one painted
   * what cannot be right. Once it is no longer wanted, the canvas is another one's. */
  readonly make: (
    onLost: (reason: string) => void,
    careful: boolean,
    wanted: () => boolean,
  ) => Promise<Examinable>;
  /** Empty where losses are only reported. */
  readonly pauses: readonly number[];
  /** Whether the watchdog looks. */
  readonly upkeep: boolean;
  readonly onLost: (reason: string) => void;
  /** Painting goes on, so many milliseconds after the loss. */
  readonly onRevived: (milliseconds: number) => void;
}

/** A backend's painter, and why it was lost, however early that comes. */
interface Hired {
  readonly painter: Examinable;
  readonly loss: Promise<string>;
}

async function hire({ make }: Making, careful = false, wanted = () => true): Promise<Hired> {
  let tell: (reason: string) => void = () => undefined;
  const loss = new Promise<string>(resolve => {
    tell = resolve;
  });
  return { painter: await make(tell, careful, wanted), loss };
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds));

export async function lastingPainter(making: Making): Promise<Painter> {
  return new LastingPainter(making, await hire(making));
}

type View = { mirror?: boolean };

class LastingPainter implements Painter {
  readonly #making: Making;
  readonly #watchdog = new Watchdog(() => this.#check());
  #hired: Hired;
  #reviving: Promise<void> | null = null;
  /** Destroyed, or lost for good. */
  #over = false;
  #losses: number[] = [];
  /** The watchdog has had it made anew once. */
  #suspect = false;
  readonly #live = new Map<string, number>();
  #guide: Canvas | null = null;
  #last: { source: FrameSource; view: View } | null = null;

  constructor(making: Making, hired: Hired) {
    this.#making = making;
    this.#hired = hired;
    this.#heed(hired);
  }

  get #painter(): Painter {
    return this.#hired.painter;
  }

  get info(): LookInfo {
    return this.#painter.info;
  }

  get backend(): Backend {
    return this.#painter.backend;
  }

  get adapter(): string {
    return this.#painter.adapter;
  }

  get statistics(): Painter['statistics'] {
    return this.#painter.statistics;
  }

  get canvas(): Canvas | null {
    return this.#painter.canvas;
  }

  attachGuide(canvas: Canvas | null): void {
    if (canvas && canvas === this.canvas) throw new EngineError('Give the guide a canvas of its own.');
    // One that is refused is not tried again after a loss.
    if (!this.#away) this.#painter.attachGuide(canvas);
    this.#guide = canvas;
  }

  set(name: string, value: number): void {
    this.#painter.set(name, value);
    if (!Number.isNaN(value)) this.#live.set(name, value);
  }

  paint(source: FrameSource, view: View = {}): void {
    // A VideoFrame is closed by whoever made it; all others can be painted again.
    const passing = typeof VideoFrame !== 'undefined' && source instanceof VideoFrame;
    this.#last = passing ? null : { source, view };
    if (this.#away) return;
    this.#painter.paint(source, view);
    this.#wind();
  }

  #wind(): void {
    if (this.#making.upkeep) this.#watchdog.painted();
  }

  async run(...[inputs = {}, options]: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    for (;;) {
      await this.#settled();
      if (this.#over) throw new EngineError('The GPU was lost for good, or the painter was destroyed.');
      const hired = this.#hired;
      try {
        return await hired.painter.run(inputs, options);
      } catch (error) {
        await Promise.race([hired.loss, pause(HEARSAY_MS)]);
        // The painter may be made anew without its GPU having been lost.
        if (hired === this.#hired && !this.#away) throw error;
      }
    }
  }

  async finished(): Promise<void> {
    await this.#settled();
    // What is lost is finished, too.
    await this.#painter.finished().catch(() => undefined);
  }

  destroy(): void {
    this.#over = true;
    this.#last = null;
    this.#watchdog.stop();
    this.#painter.destroy();
  }

  /** There is nobody to paint just now, or no longer. */
  get #away(): boolean {
    return this.#reviving !== null || this.#over;
  }

  async #settled(): Promise<void> {
    while (this.#reviving) await this.#reviving;
  }

  #heed(hired: Hired): void {
    void hired.loss.then(reason => {
      if (!this.#over && hired === this.#hired && !this.#reviving) this.#lose(reason, performance.now());
    });
  }

  /** `since` is when painting stopped. */
  #lose(reason: string, since: number): void {
    this.#watchdog.stop();
    this.#painter.destroy();
    this.#losses = [...this.#losses.filter(time => since - time < FORGOTTEN_MS), performance.now()];
    const rest = this.#making.pauses[this.#losses.length - 1];
    if (rest === undefined) {
      this.#over = true;
      this.#reviving = null;
      this.#making.onLost(reason);
    } else this.#reviving = this.#revive(rest, since);
  }

  /** Never rejects: a failure is one loss more. */
  async #revive(rest: number, since: number): Promise<void> {
    // With no pause, too, all that was to hear of the loss has heard of it before the work begins.
    await pause(rest);
    if (this.#over) return;
    try {
      const hired = await hire(this.#making, this.#suspect, () => !this.#over);
      if (this.#over) {
        hired.painter.destroy();
        return;
      }
      this.#hired = hired;
      for (const [name, value] of this.#live) hired.painter.set(name, value);
    } catch (error) {
      if (!this.#over) this.#lose(reasonOf(error), since);
      return;
    }
    this.#reviving = null;
    this.#attachAgain();
    this.#heed(this.#hired);
    void this.#paintAgain(since);
  }

  /** What was taken while there was no painter may be refused now: the painting goes on without it. */
  #attachAgain(): void {
    try {
      if (this.#guide) this.#painter.attachGuide(this.#guide);
    } catch {
      this.#guide = null;
    }
  }

  /** A page that painted one picture sees it again; one that paints a video sees no gap. */
  async #paintAgain(since: number): Promise<void> {
    const { painter } = this.#hired;
    try {
      if (this.#last) painter.paint(this.#last.source, this.#last.view);
      await painter.finished();
    } catch {
      // The picture is gone or the GPU is, once more: whoever paints next, or the loss, says so.
    }
    if (this.#over || this.#reviving || painter !== this.#painter) return;
    this.#making.onRevived(performance.now() - since);
    this.#wind();
  }

  async #check(): Promise<void> {
    const hired = this.#hired;
    const fault = await faultOf(hired.painter);
    if (this.#away || hired !== this.#hired) return;
    if (fault === null) {
      this.#suspect = false;
      return;
    }
    const since = performance.now();
    if (!this.#suspect && this.#making.pauses.length > 0) {
      this.#suspect = true;
      this.#lose(fault, since);
      return;
    }
    this.#over = true;
    hired.painter.destroy();
    this.#making.onLost(fault);
  }
}
