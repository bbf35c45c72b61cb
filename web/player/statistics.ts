/** How fast it paints. Times are milliseconds. */

const WINDOW = 120;

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
    if (this.#frames.length > WINDOW) this.#frames.shift();
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
    const recent = this.#frames.filter(time => now - time <= 1000);
    return recent.length;
  }
}
