/** Statistics of the frames that one look painted: frame times and frame rate. */

const RATE_WINDOW_MS = 1000;

export class FrameStats {
  readonly #frameTimes: number[] = [];
  #lastMs: number | null = null;
  #sumMs = 0;
  #count = 0;
  firstPaintingMs: number | null = null;

  /** Counts a painted frame. */
  addFrame(now: number): void {
    this.#frameTimes.push(now);
    while (now - (this.#frameTimes[0] ?? now) > RATE_WINDOW_MS) this.#frameTimes.shift();
  }

  /** Records how long a frame took, from the call to the finished painting. */
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
