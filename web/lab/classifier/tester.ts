/** Tests a network while it learns: what it says of the test pictures, by its weights now and then. */
import { createEvaluator, type Evaluator, type OnnxModel } from '../../engine/training/index.ts';
import { indexOfMost, softmax } from '../network/classifiers.ts';
import type { Weights } from '../network/session.ts';

/** What it tests on: values as the network takes them, and their classes. */
export interface TestSource {
  readonly count: number;
  readonly classes: number;
  label(index: number): number;
  /** Numbers of one example. */
  readonly size: number;
  write(to: Float32Array, offset: number, index: number): void;
}

export interface Answer {
  readonly found: number;
  /** How sure the network is, 0..1. */
  readonly share: number;
}

/** Examples of a run: it is short, so that newer weights need not wait for long. */
const BATCH = 25;

export class Tester {
  /** The newest answer of each test example. */
  readonly answers: (Answer | undefined)[] = [];
  #evaluator: Promise<Evaluator> | null = null;
  #isBusy = false;
  #isOver = false;

  constructor(
    readonly model: OnnxModel,
    readonly source: TestSource,
  ) {}

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** The part of the first `count` examples that is found, and stored with the answers; null where it was stopped. */
  async measure(weights: Weights, count: number, isStopped: () => boolean): Promise<number | null> {
    this.#isBusy = true;
    try {
      this.#evaluator ??= createEvaluator(this.model, { batch: BATCH });
      const evaluator = await this.#evaluator;
      let right = 0;
      const last = Math.min(count, this.source.count);
      for (let first = 0; first < last; first += BATCH) {
        if (this.#isOver || isStopped()) return null;
        right += await this.#measureBatch(evaluator, first, last, first === 0 ? weights : undefined);
      }
      return last > 0 ? right / last : null;
    } finally {
      this.#isBusy = false;
    }
  }

  async #measureBatch(
    evaluator: Evaluator,
    first: number,
    last: number,
    weights: Weights | undefined,
  ): Promise<number> {
    const { source, model, answers } = this;
    const values = new Float32Array(BATCH * source.size);
    const count = Math.min(BATCH, last - first);
    for (let i = 0; i < count; i++) source.write(values, i * source.size, first + i);
    const input = model.inputs[0]?.name ?? '';
    const made = await evaluator.run(new Map([[input, values]]), weights);
    const scores = made.get(model.outputs[0]?.name ?? '') ?? [];
    let right = 0;
    for (let i = 0; i < count; i++) {
      const shares = softmax(scores, i * source.classes, source.classes);
      const found = indexOfMost(shares);
      answers[first + i] = { found, share: shares[found] ?? 0 };
      if (found === source.label(first + i)) right++;
    }
    return right;
  }

  destroy(): void {
    this.#isOver = true;
    void this.#evaluator?.then(evaluator => evaluator.destroy());
  }
}
