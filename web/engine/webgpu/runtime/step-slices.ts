// Splits the dispatches of a step into submissions that take at most some milliseconds each, so that what else the page
// draws comes in between. What a dispatch takes is estimated, and then measured with its neighbours.

/** Milliseconds that a submission should take, at most. */
const MAX_MS = 8;
/** Submissions in the queue. */
const MIN_AHEAD = 2;
const MAX_AHEAD = 16;
/** How much an estimate may change at once. */
const MAX_CHANGE = 4;

export class StepSlices {
  readonly #costs: number[];

  /** `costs` are estimates in milliseconds, one for each dispatch. `floor` is how long an empty submission takes. */
  constructor(
    costs: readonly number[],
    readonly floor: number,
  ) {
    this.#costs = [...costs];
  }

  /** Neighbouring dispatches, from the first one to before the end. */
  split(): (readonly [first: number, end: number])[] {
    const slices: [number, number][] = [];
    let [first, sum] = [0, 0];
    this.#costs.forEach((cost, i) => {
      if (i > first && sum + cost > MAX_MS) {
        slices.push([first, i]);
        [first, sum] = [i, 0];
      }
      sum += cost;
    });
    slices.push([first, this.#costs.length]);
    return slices;
  }

  /** How many submissions the queue may hold: as many as it does in the time of a slice, and two at least, so that it is
   * never empty: each time, the threads of a software GPU wait a while in vain. */
  get ahead(): number {
    const step = this.#costs.reduce((a, b) => a + b, 0);
    return Math.min(MAX_AHEAD, Math.max(MIN_AHEAD, Math.floor(MAX_MS / step)));
  }

  /** Takes in how long a slice took. */
  measure([first, end]: readonly [number, number], milliseconds: number): void {
    const estimated = this.#costs.slice(first, end).reduce((a, b) => a + b, 0);
    const ratio = Math.max(0, milliseconds - this.floor) / estimated;
    const factor = Math.min(MAX_CHANGE, Math.max(1 / MAX_CHANGE, ratio));
    for (let i = first; i < end; i++) this.#costs[i] = Math.max(1e-3, (this.#costs[i] ?? 0) * factor);
  }
}
