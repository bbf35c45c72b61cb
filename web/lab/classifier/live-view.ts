/** What a network makes of one example now: the scores of classes, and the values between its layers. */
import { createEvaluator, type Evaluator, type OnnxModel } from '../../engine/training/index.ts';
import type { Weights } from '../network/session.ts';

export class LiveView {
  #evaluator: Promise<Evaluator> | null = null;
  #isBusy = false;
  #isOver = false;
  #wanted: Float32Array | null = null;
  #weights: Weights | undefined;

  constructor(
    readonly model: OnnxModel,
    readonly watch: readonly string[],
    readonly onValues: (values: ReadonlyMap<string, Float32Array>) => void,
    readonly onError: (error: unknown) => void,
  ) {}

  /** Shows another example, or the same with other weights. The newest counts. */
  show(example: Float32Array | null, weights?: Weights): void {
    if (example) this.#wanted = example;
    if (weights) this.#weights = weights;
    if (!this.#isBusy && this.#wanted && !this.#isOver) void this.#run().catch(this.onError);
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    try {
      const output = this.model.outputs[0]?.name ?? '';
      const watch = [...new Set([output, ...this.watch])];
      const evaluator = await this.#ready(watch);
      while (this.#wanted || this.#weights) {
        const [example, weights] = [this.#wanted, this.#weights];
        this.#weights = undefined;
        if (!example || this.#isOver) break;
        const last = example;
        const values = await evaluator.run(new Map([[this.model.inputs[0]?.name ?? '', last]]), weights);
        if (this.#isOver) break;
        this.onValues(values);
        if (this.#wanted === last && !this.#weights) break;
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #ready(watch: readonly string[]): Promise<Evaluator> {
    const made = this.#evaluator ?? createEvaluator(this.model, { batch: 1, watch });
    this.#evaluator = made;
    // Another try may go better.
    made.catch(() => {
      this.#evaluator = null;
    });
    return made;
  }

  destroy(): void {
    this.#isOver = true;
    void this.#evaluator?.then(
      evaluator => evaluator.destroy(),
      () => undefined,
    );
  }
}
