/** Where on the paths one is: they are played, stepped through, and begun anew. */

/** Steps a second, of play and of slow motion. */
const [RATE, SLOW_RATE] = [30, 3];

export class Playback {
  #at: number;
  #begin = { time: 0, at: 0 };
  #isPlaying = false;
  #isSlow = false;

  /** `steps` is how long the paths are now, and `onMove` is told of each move. */
  constructor(
    readonly steps: () => number,
    readonly setPlaying: (isPlaying: boolean) => void,
    readonly onMove: () => void,
  ) {
    this.#at = steps();
  }

  /** The step that is shown, from 0 on. */
  get at(): number {
    return this.#at;
  }

  /** Other paths: their end is shown, or as far as it has played. */
  follow(): void {
    this.#at = this.#isPlaying ? Math.min(this.#at, this.steps()) : this.steps();
  }

  play(): void {
    if (this.#at >= this.steps()) this.#at = 0;
    this.#isPlaying = true;
    this.#begin = { time: performance.now(), at: this.#at };
    this.setPlaying(true);
    this.#tick();
  }

  #tick(): void {
    requestAnimationFrame(now => {
      if (!this.#isPlaying) return;
      const rate = this.#isSlow ? SLOW_RATE : RATE;
      const { time, at } = this.#begin;
      const steps = this.steps();
      const next = Math.min(steps, at + Math.floor((Math.max(0, now - time) / 1000) * rate));
      if (next !== this.#at) this.#move(next);
      if (next >= steps) this.pause();
      else this.#tick();
    });
  }

  #move(to: number): void {
    this.#at = to;
    this.onMove();
  }

  pause(): void {
    this.#isPlaying = false;
    this.setPlaying(false);
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#begin = { time: performance.now(), at: this.#at };
  }

  step(): void {
    this.pause();
    this.#move(this.#at >= this.steps() ? 1 : this.#at + 1);
  }

  reset(): void {
    this.pause();
    this.#move(0);
  }
}
