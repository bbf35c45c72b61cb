// Whether a painter still paints. GPUs fail silently: a driver gives NaN, or nothing at all, and no error
// says so. The canvas cannot tell, since a covered camera is honestly black and NaN is shown as black too.
// So the kernels of a frame are run on a picture that is known, with the live values as they were made, and
// samples of their numbers are read: outside of frames, a second after the first painting and then once in a
// while as long as there is painting. Numbers that are not finite are faults, and so are nothing but zeros, or a
// painting that was not written.

const FIRST_CHECK_MS = 1000;
const CHECK_INTERVAL_MS = 120_000;

/** Runs its check now and then while there is painting; timers alone, frames only wind it up. */
export class HealthMonitor {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = FIRST_CHECK_MS;

  constructor(readonly check: () => Promise<void>) {}

  onPainted(): void {
    this.#timer ??= setTimeout(() => void this.#run(), this.#wait);
  }

  /** Until the next painting, which is a first one again. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait = FIRST_CHECK_MS;
  }

  async #run(): Promise<void> {
    this.#wait = CHECK_INTERVAL_MS;
    await this.check();
    if (this.#wait === CHECK_INTERVAL_MS) this.#timer = null;
  }
}
