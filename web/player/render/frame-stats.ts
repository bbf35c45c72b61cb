/** How fast it paints. Times are milliseconds. */

const RATE_OVER_MS = 1000;

export class Statistics {
  #frames: number[] = [];
  #last: number | null = null;
  #sum = 0;
  #count = 0;
  firstPainting: number | null = null;

  /** A new look begins: everything is measured afresh. */
  reset(): void {
    this.#frames = [];
    this.#last = null;
    this.#sum = 0;
    this.#count = 0;
    this.firstPainting = null;
  }

  /** A frame was painted. */
  frame(now: number): void {
    this.#frames.push(now);
    while (now - (this.#frames[0] ?? now) > RATE_OVER_MS) this.#frames.shift();
  }

  /** A frame was waited for, from the call to the finished painting. */
  measure(milliseconds: number): void {
    this.#last = milliseconds;
    this.#sum += milliseconds;
    this.#count += 1;
  }

  get last(): number | null {
    return this.#last;
  }

  get mean(): number | null {
    return this.#count > 0 ? this.#sum / this.#count : null;
  }

  /** Frames painted in the second before `now`. */
  rate(now: number): number {
    return this.#frames.filter(time => now - time <= RATE_OVER_MS).length;
  }
}
