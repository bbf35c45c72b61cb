// A painter that recovers from the loss of its GPU. Drivers are updated, laptops sleep, browsers restart their GPU
// process: then every object on the GPU is gone. This painter creates another one on the same canvas, sets the live
// inputs and the guide again, and repaints the last picture. The user notices a short pause.
//
// A backend's painter does the work and reports its loss. Recovery is limited: a look that takes the GPU down each
// time is given up, since browsers deny the GPU to such pages.

import { EngineError, messageOf } from '../error.ts';
import type { LookInfo } from '../look.ts';
import type { Backend, BackendPainter, Canvas, FrameSource, Painter } from '../painter.ts';
import { HealthMonitor } from './health-monitor.ts';
import { diagnose } from './probe.ts';

/** Milliseconds to wait before each recovery within a minute. One more loss is final. */
export const RECOVERY_DELAYS: readonly number[] = [0, 1000];
const LOSS_WINDOW_MS = 60_000;
/** A run may fail on a lost GPU a little before the loss is reported. */
const LOSS_NOTICE_MS = 100;

export interface RecoveryOptions {
  /** Creates a backend's painter, at first and after each loss. After a fault it is `careful`. Once it is cancelled,
   * the canvas belongs to another painter. */
  readonly make: (
    onLost: (reason: string) => void,
    careful: boolean,
    isCancelled: () => boolean,
  ) => Promise<BackendPainter>;
  /** Empty if losses are only reported. */
  readonly delays: readonly number[];
  /** Whether the health monitor runs. */
  readonly upkeep: boolean;
  readonly onLost: (reason: string) => void;
  /** Called when painting goes on, with the milliseconds since the loss. */
  readonly onRevived: (milliseconds: number) => void;
}

/** A backend's painter, and the reason of its loss, however early that comes. */
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
  /** The health monitor has already made it recover once. */
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
    // A canvas that is refused is not tried again after a loss.
    if (!this.#isUnavailable) this.#painter.attachGuide(canvas);
    this.#guide = canvas;
  }

  set(name: string, value: number): void {
    this.#painter.set(name, value);
    if (!Number.isNaN(value)) this.#live.set(name, value);
  }

  paint(source: FrameSource, view: View = {}): void {
    // A VideoFrame is closed by its owner. Other sources can be painted again.
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
        // The painter may be replaced without a loss of its GPU.
        if (active === this.#active && !this.#isUnavailable) throw error;
      }
    }
  }

  async finished(): Promise<void> {
    await this.#recovered();
    // Work on a lost GPU counts as finished.
    await this.#painter.finished().catch(() => undefined);
  }

  destroy(): void {
    this.#isOver = true;
    this.#last = null;
    this.#monitor.stop();
    this.#painter.destroy();
  }

  /** There is no painter now, or no longer. */
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

  /** Never rejects: a failure counts as another loss. */
  async #recover(delay: number, since: number): Promise<void> {
    // Even without a delay, code that awaits the loss runs before the recovery begins.
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

  /** A canvas that was accepted during the recovery may be refused now. Painting goes on without it. */
  #reattachGuide(): void {
    try {
      if (this.#guide) this.#painter.attachGuide(this.#guide);
    } catch {
      this.#guide = null;
    }
  }

  /** Repaints a still picture. A video paints its next frame anyway. */
  async #repaint(since: number): Promise<void> {
    const { painter } = this.#active;
    try {
      if (this.#last) painter.paint(this.#last.source, this.#last.view);
      await painter.finished();
    } catch {
      // The picture or the GPU is gone again. The next paint or the loss reports it.
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
