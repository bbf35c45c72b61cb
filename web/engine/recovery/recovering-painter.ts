// A painter that survives the GPU. Drivers are updated, laptops sleep, browsers restart their GPU process:
// then every object on the GPU is gone. This one has another painter made on the same canvas, with the live
// values and the guide as they were, and paints the last picture again; who uses it notices a short pause.
//
// It is no painter itself: a backend's painter does the work, and says when it is lost. Nothing is tried for
// ever: a look that takes the GPU down each time is given up, since browsers take the GPU from such pages.

import { EngineError, messageOf } from '../error.ts';
import type { LookInfo } from '../look.ts';
import type { Backend, BackendPainter, Canvas, FrameSource, Painter } from '../painter.ts';
import { HealthMonitor } from './health-monitor.ts';
import { diagnose } from './probe.ts';

/** Pauses before each revival within a minute, in milliseconds; one loss more is the end. */
export const RECOVERY_DELAYS: readonly number[] = [0, 1000];
const LOSS_WINDOW_MS = 60_000;
/** A run that fails because the GPU goes away may hear of it a little before anyone else does. */
const LOSS_NOTICE_MS = 100;

export interface RecoveryOptions {
  /** Makes a backend's painter: at first, and again after each loss; a careful one where the last one painted
   * what cannot be right. Once it is no longer wanted, the canvas is another one's. */
  readonly make: (
    onLost: (reason: string) => void,
    careful: boolean,
    isCancelled: () => boolean,
  ) => Promise<BackendPainter>;
  /** Empty where losses are only reported. */
  readonly delays: readonly number[];
  /** Whether the watchdog looks. */
  readonly upkeep: boolean;
  readonly onLost: (reason: string) => void;
  /** Painting goes on, so many milliseconds after the loss. */
  readonly onRevived: (milliseconds: number) => void;
}

/** A backend's painter, and why it was lost, however early that comes. */
interface ActivePainter {
  readonly painter: BackendPainter;
  readonly loss: Promise<string>;
}

async function activate(
  { make }: RecoveryOptions,
  careful = false,
  isCancelled = () => false,
): Promise<ActivePainter> {
  let tell: (reason: string) => void = () => undefined;
  const loss = new Promise<string>(resolve => {
    tell = resolve;
  });
  return { painter: await make(tell, careful, isCancelled), loss };
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds));

export async function createRecoveringPainter(options: RecoveryOptions): Promise<Painter> {
  return new RecoveringPainter(options, await activate(options));
}

type View = { mirror?: boolean };

class RecoveringPainter implements Painter {
  readonly #options: RecoveryOptions;
  readonly #monitor = new HealthMonitor(() => this.#check());
  #active: ActivePainter;
  #recovery: Promise<void> | null = null;
  /** Destroyed, or lost for good. */
  #isOver = false;
  #losses: number[] = [];
  /** The watchdog has had it made anew once. */
  #isSuspect = false;
  readonly #live = new Map<string, number>();
  #guide: Canvas | null = null;
  #last: { source: FrameSource; view: View } | null = null;

  constructor(options: RecoveryOptions, active: ActivePainter) {
    this.#options = options;
    this.#active = active;
    this.#watchLoss(active);
  }

  get #painter(): Painter {
    return this.#active.painter;
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
    if (!this.#isUnavailable) this.#painter.attachGuide(canvas);
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
    if (this.#isUnavailable) return;
    this.#painter.paint(source, view);
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    if (this.#options.upkeep) this.#monitor.onPainted();
  }

  async run(...[inputs = {}, options]: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    for (;;) {
      await this.#recovered();
      if (this.#isOver) throw new EngineError('The GPU was lost for good, or the painter was destroyed.');
      const active = this.#active;
      try {
        return await active.painter.run(inputs, options);
      } catch (error) {
        await Promise.race([active.loss, wait(LOSS_NOTICE_MS)]);
        // The painter may be made anew without its GPU having been lost.
        if (active === this.#active && !this.#isUnavailable) throw error;
      }
    }
  }

  async finished(): Promise<void> {
    await this.#recovered();
    // What is lost is finished, too.
    await this.#painter.finished().catch(() => undefined);
  }

  destroy(): void {
    this.#isOver = true;
    this.#last = null;
    this.#monitor.stop();
    this.#painter.destroy();
  }

  /** There is nobody to paint just now, or no longer. */
  get #isUnavailable(): boolean {
    return this.#recovery !== null || this.#isOver;
  }

  async #recovered(): Promise<void> {
    while (this.#recovery) await this.#recovery;
  }

  #watchLoss(active: ActivePainter): void {
    void active.loss.then(reason => {
      if (!this.#isOver && active === this.#active && !this.#recovery)
        this.#handleLoss(reason, performance.now());
    });
  }

  /** `since` is when painting stopped. */
  #handleLoss(reason: string, since: number): void {
    this.#monitor.stop();
    this.#painter.destroy();
    this.#losses = [...this.#losses.filter(time => since - time < LOSS_WINDOW_MS), performance.now()];
    const delay = this.#options.delays[this.#losses.length - 1];
    if (delay === undefined) {
      this.#isOver = true;
      this.#recovery = null;
      this.#options.onLost(reason);
    } else this.#recovery = this.#recover(delay, since);
  }

  /** Never rejects: a failure is one loss more. */
  async #recover(delay: number, since: number): Promise<void> {
    // With no pause, too, all that was to hear of the loss has heard of it before the work begins.
    await wait(delay);
    if (this.#isOver) return;
    try {
      const active = await activate(this.#options, this.#isSuspect, () => this.#isOver);
      if (this.#isOver) {
        active.painter.destroy();
        return;
      }
      this.#active = active;
      for (const [name, value] of this.#live) active.painter.set(name, value);
    } catch (error) {
      if (!this.#isOver) this.#handleLoss(messageOf(error), since);
      return;
    }
    this.#recovery = null;
    this.#reattachGuide();
    this.#watchLoss(this.#active);
    void this.#repaint(since);
  }

  /** What was taken while there was no painter may be refused now: the painting goes on without it. */
  #reattachGuide(): void {
    try {
      if (this.#guide) this.#painter.attachGuide(this.#guide);
    } catch {
      this.#guide = null;
    }
  }

  /** A page that painted one picture sees it again; one that paints a video sees no gap. */
  async #repaint(since: number): Promise<void> {
    const { painter } = this.#active;
    try {
      if (this.#last) painter.paint(this.#last.source, this.#last.view);
      await painter.finished();
    } catch {
      // The picture is gone or the GPU is, once more: whoever paints next, or the loss, says so.
    }
    if (this.#isOver || this.#recovery || painter !== this.#painter) return;
    this.#options.onRevived(performance.now() - since);
    this.#scheduleCheck();
  }

  async #check(): Promise<void> {
    const active = this.#active;
    const fault = await diagnose(active.painter);
    if (this.#isUnavailable || active !== this.#active) return;
    if (fault === null) {
      this.#isSuspect = false;
      return;
    }
    const since = performance.now();
    if (!this.#isSuspect && this.#options.delays.length > 0) {
      this.#isSuspect = true;
      this.#handleLoss(fault, since);
      return;
    }
    this.#isOver = true;
    active.painter.destroy();
    this.#options.onLost(fault);
  }
}
