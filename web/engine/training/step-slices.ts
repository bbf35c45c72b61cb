// Splits the dispatches or draws of a step into submissions that take at most some milliseconds each, so that what else the page
// draws comes in between. What a dispatch takes is estimated, and then measured with its neighbours.

/** Milliseconds that a submission should take, at most. */
const MAX_MS = 8;
/** Submissions in the queue. A browser tells some milliseconds late that one is done, and fast steps go on meanwhile. */
const MIN_AHEAD = 2;
const MAX_AHEAD = 128;
/** How much an estimate may change at once. */
const MAX_CHANGE = 4;

/** Neighbouring dispatches, from the first one to before the end. */
export type Slice = readonly [first: number, end: number];

export class StepSlices {
  readonly #costs: number[];

  /** `costs` are estimates in milliseconds, one for each dispatch. `floor` is how long an empty submission takes: that time is in
   * what is measured of the first slice of a queue that was empty. */
  constructor(
    costs: readonly number[],
    readonly floor: number,
  ) {
    this.#costs = [...costs];
  }

  /** The slices of a step. */
  split(): Slice[] {
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

  /** What a slice may take. */
  costOf([first, end]: Slice): number {
    return this.#costs.slice(first, end).reduce((a, b) => a + b, 0);
  }

  /** Takes in how long some slices took together, without the floor. Less than 1 is for clocks that are not exact: an estimate goes that part of
   * the way, as a power. */
  measure(slices: readonly Slice[], milliseconds: number, trust = 1): void {
    const estimated = slices.reduce((sum, slice) => sum + this.costOf(slice), 0);
    const ratio = Math.max(0, milliseconds) / estimated;
    const factor = Math.min(MAX_CHANGE, Math.max(1 / MAX_CHANGE, ratio)) ** trust;
    // A slice may be among them several times, from several steps.
    const indices = new Set(
      slices.flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i)),
    );
    for (const i of indices) this.#costs[i] = Math.max(1e-3, (this.#costs[i] ?? 0) * factor);
  }
}
