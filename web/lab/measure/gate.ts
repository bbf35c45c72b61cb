/** Where a run waits: while the visitor pauses it, and while the tab is hidden, where browsers slow pages down. */

export type Closure = 'paused' | 'hidden';

export class Gate {
  readonly #closures = new Set<Closure>();
  #waiting: (() => void)[] = [];
  #interruptions = 0;

  /** How often the page was hidden, or another tab of the lab shown: what was timed meanwhile does not count. */
  get interruptions(): number {
    return this.#interruptions;
  }

  get isOpen(): boolean {
    return this.#closures.size === 0;
  }

  interrupt(): void {
    this.#interruptions++;
  }

  set(closure: Closure, isClosed: boolean): void {
    if (isClosed === this.#closures.has(closure)) return;
    if (isClosed) {
      this.#closures.add(closure);
      if (closure === 'hidden') this.interrupt();
    } else this.#closures.delete(closure);
    if (!this.isOpen) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves while it is open. Rejects when the run is stopped. */
  async pass(signal: AbortSignal): Promise<void> {
    while (!this.isOpen) {
      await stoppable(
        new Promise<void>(resolve => {
          this.#waiting.push(resolve);
        }),
        signal,
      );
    }
    signal.throwIfAborted();
  }
}

/** The promise's outcome, or a rejection as soon as the run is stopped: a GPU that hangs does not answer. */
export async function stoppable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
