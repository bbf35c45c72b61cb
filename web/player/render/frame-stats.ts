/** How fast it paints. Times are milliseconds. */

const RATE_WINDOW_MS = 1000;

export class FrameStats {
  #frameTimes: number[] = [];
  #lastMs: number | null = null;
  #sumMs = 0;
  #count = 0;
  firstPaintingMs: number | null = null;

  /** A new look begins: everything is measured afresh. */
  reset(): void {
    this.#frameTimes = [];
    this.#lastMs = null;
    this.#sumMs = 0;
    this.#count = 0;
    this.firstPaintingMs = null;
  }

  /** A frame was painted. */
  addFrame(now: number): void {
    this.#frameTimes.push(now);
    while (now - (this.#frameTimes[0] ?? now) > RATE_WINDOW_MS) this.#frameTimes.shift();
  }

  /** A frame was waited for, from the call to the finished painting. */
  addTime(milliseconds: number): void {
    this.#lastMs = milliseconds;
    this.#sumMs += milliseconds;
    this.#count += 1;
  }

  get lastMs(): number | null {
    return this.#lastMs;
  }

  get meanMs(): number | null {
    return this.#count > 0 ? this.#sumMs / this.#count : null;
  }

  /** Frames painted in the second before `now`. */
  framesPerSecond(now: number): number {
    return this.#frameTimes.filter(time => now - time <= RATE_WINDOW_MS).length;
  }
}
