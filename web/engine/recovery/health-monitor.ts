// Checks that a painter still works. GPUs fail silently: a driver gives NaN, or nothing at all, and reports no error.
// The canvas cannot tell, since a covered camera is black and NaN is shown as black too. So a frame's kernels run on
// a test pattern with the default live inputs, and samples of their output are read. This happens outside of frames:
// a second after the first painting, then every two minutes while frames are painted. NaN, infinity, only zeros, or a
// painting that was not written count as faults.

const FIRST_CHECK_MS = 1000;
const CHECK_INTERVAL_MS = 120_000;

/** Schedules the check while frames are painted. Frames only start a timer. */
export class HealthMonitor {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = FIRST_CHECK_MS;

  constructor(readonly check: () => Promise<void>) {}

  onPainted(): void {
    this.#timer ??= setTimeout(() => void this.#run(), this.#wait);
  }

  /** Stops until the next painting, which counts as a first one. */
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
