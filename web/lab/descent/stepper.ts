/** Steps of an optimizer on many points at once: weights and gradients are vectors, and each element may have its own
 * learning rate. */
import type { Optimizer } from '../../engine/training/index.ts';
import { compileVectors, input } from './vector-function.ts';

export class Stepper {
  readonly weights: Float64Array;
  /** To be written before each step. */
  readonly gradients: Float64Array;
  readonly #slots: readonly Float64Array[];
  readonly #scalars: readonly Float64Array[];
  readonly #run: () => void;
  readonly #results: readonly Float64Array[];
  #steps = 0;

  constructor(
    readonly optimizer: Optimizer,
    initial: Float64Array,
    /** For each weight. */
    readonly rates: Float64Array,
  ) {
    const { length } = initial;
    this.weights = initial.slice();
    this.gradients = new Float64Array(length);
    this.#slots = optimizer.slots.map(slot => new Float64Array(length).fill(slot.initial));
    this.#scalars = optimizer.scalars(1, 0).map(() => new Float64Array(length));
    const update = optimizer.update({
      weight: input(0),
      gradient: input(1),
      slots: this.#slots.map((_, i) => input(2 + i)),
      scalars: this.#scalars.map((_, i) => input(2 + this.#slots.length + i)),
    });
    const inputs = [this.weights, this.gradients, ...this.#slots, ...this.#scalars];
    const { run, results } = compileVectors([update.weight, ...update.slots], inputs, length);
    this.#run = run;
    this.#results = results;
  }

  step(): void {
    const { rates, optimizer } = this;
    this.#steps++;
    let last: number | undefined;
    let scalars: readonly number[] = [];
    for (let i = 0; i < rates.length; i++) {
      const rate = rates[i] ?? 0;
      if (rate !== last) scalars = optimizer.scalars(this.#steps, rate);
      last = rate;
      for (let nth = 0; nth < this.#scalars.length; nth++) {
        const vector = this.#scalars[nth];
        if (vector) vector[i] = scalars[nth] ?? 0;
      }
    }
    this.#run();
    // All new values are there before any is stored.
    this.#results.forEach((values, i) => {
      (i === 0 ? this.weights : this.#slots[i - 1])?.set(values);
    });
  }
}
