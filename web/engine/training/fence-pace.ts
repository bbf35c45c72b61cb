// How far a page may run ahead of a WebGL2 GPU: enough slices to keep it busy, and not so many that a painting would wait
// behind them.

import type { PendingSlice, SliceTimer } from './fence-timer.ts';
import { nextTask } from './next-task.ts';
import type { Slice, StepSlices } from './step-slices.ts';

/** Milliseconds of work, and slices, that may be queued. */
const AHEAD_MS = 16;
const MAX_AHEAD = 8;
/** Fences are polled some milliseconds apart. */
const POLL_TRUST = 0.25;

interface QueuedSlice {
  readonly slice: Slice;
  readonly pending: PendingSlice;
  readonly start: number;
}

export class FencePace {
  readonly #queue: QueuedSlice[] = [];
  #idleSince = 0;

  /** `now` gives milliseconds. */
  constructor(
    readonly slices: StepSlices,
    readonly timer: SliceTimer,
    readonly now: () => number = () => performance.now(),
  ) {}

  /** Draws a step in slices, so that what else the page draws comes in between. Resolves when the next step may be drawn. */
  async draw(drawSlice: (slice: Slice) => void): Promise<void> {
    const slices = this.slices.split();
    for (const [i, slice] of slices.entries()) {
      if (i > 0) await nextTask();
      await this.#makeRoom(this.slices.costOf(slice));
      const start = this.now();
      this.#queue.push({ slice, start, pending: this.timer.run(() => drawSlice(slice)) });
    }
    await this.#makeRoom(this.slices.costOf(slices[0] ?? [0, 0]));
  }

  /** Resolves when all slices are done. */
  async finished(): Promise<void> {
    while (this.#queue.length > 0) await this.#waitForFirst();
  }

  /** A long slice still follows another one at once: a GPU that waits for the page is slow. */
  async #makeRoom(cost: number): Promise<void> {
    const isFull = () => {
      const queued = this.#queue.reduce((sum, { slice }) => sum + this.slices.costOf(slice), 0);
      return this.#queue.length >= MAX_AHEAD || (this.#queue.length > 1 && queued + cost > AHEAD_MS);
    };
    while (isFull()) await this.#waitForFirst();
  }

  /** Waits for the first slice, and measures all that are done then: between two polls, nothing tells them apart. */
  async #waitForFirst(): Promise<void> {
    const first = this.#queue[0];
    if (!first) return;
    await first.pending.done();
    const end = this.now();
    // A slice that follows another one at once has no part of the time that a flush takes, nor has what a timer tells.
    const took =
      first.start < this.#idleSince ? end - this.#idleSince : end - first.start - this.slices.floor;
    this.#idleSince = end;
    const untimed: Slice[] = [];
    while (this.#queue[0]?.pending.isDone()) {
      const done = this.#queue.shift();
      const own = done?.pending.finish() ?? null;
      if (done && own !== null) this.slices.measure([done.slice], own);
      else if (done) untimed.push(done.slice);
    }
    if (untimed.length > 0) this.slices.measure(untimed, took, POLL_TRUST);
  }
}
