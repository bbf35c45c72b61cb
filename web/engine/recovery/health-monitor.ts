// Whether a painter still paints. GPUs fail silently: a driver gives NaN, or nothing at all, and no error
// says so. The canvas cannot tell, since a covered camera is honestly black and NaN is shown as black too.
// So the kernels of a frame are run on a picture that is known, with the live values as they were made, and
// samples of their numbers are read: outside of frames, a second after the first painting and then once in a
// while as long as there is painting. Numbers that are not finite are faults, and so are nothing but zeros, or a
// painting that was not written.

const FIRST_MS = 1000;
const THEN_MS = 120_000;

/** Runs its check now and then while there is painting; timers alone, frames only wind it up. */
export class Watchdog {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = FIRST_MS;

  constructor(readonly check: () => Promise<void>) {}

  painted(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#wait);
  }

  /** Until the next painting, which is a first one again. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait = FIRST_MS;
  }

  async #look(): Promise<void> {
    this.#wait = THEN_MS;
    await this.check();
    if (this.#wait === THEN_MS) this.#timer = null;
  }
}
