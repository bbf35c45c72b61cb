/** Tests a network while it learns: what it says of the test pictures, by its weights now and then. */
import { createEvaluator, type Evaluator, type OnnxModel } from '../../engine/training/index.ts';
import { indexOfMost, softmax } from '../network/scores.ts';
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
  #evaluator: Promise<Evaluator> | null = null;
  /** The newest test. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly model: OnnxModel,
    readonly source: TestSource,
  ) {}

  /** The answers to the first `count` examples; null where the test was stopped. Rejects with an EngineError if the model cannot
   * be computed. */
  measure(weights: Weights, count: number, isStopped: () => boolean): Promise<readonly Answer[] | null> {
    const answers = this.#measure(weights, count, isStopped);
    this.#last = answers.catch(() => undefined);
    return answers;
  }

  async #measure(
    weights: Weights,
    count: number,
    isStopped: () => boolean,
  ): Promise<readonly Answer[] | null> {
    const evaluator = await this.#ready();
    const answers: Answer[] = [];
    while (answers.length < count) {
      if (isStopped()) return null;
      const isFirst = answers.length === 0;
      answers.push(...(await this.#answer(evaluator, answers.length, count, isFirst ? weights : undefined)));
    }
    return isStopped() ? null : answers;
  }

  #ready(): Promise<Evaluator> {
    const made = this.#evaluator ?? createEvaluator(this.model, { batch: BATCH });
    this.#evaluator = made;
    // Another try may go better.
    made.catch(() => {
      this.#evaluator = null;
    });
    return made;
  }

  /** The answers to a batch of examples. */
  async #answer(
    evaluator: Evaluator,
    first: number,
    last: number,
    weights: Weights | undefined,
  ): Promise<Answer[]> {
    const { source, model } = this;
    const values = new Float32Array(BATCH * source.size);
    const count = Math.min(BATCH, last - first);
    for (let i = 0; i < count; i++) source.write(values, i * source.size, first + i);
    const made = await evaluator.run(new Map([[model.inputs[0]?.name ?? '', values]]), weights);
    const scores = made.get(model.outputs[0]?.name ?? '') ?? [];
    return Array.from({ length: count }, (_, i) => {
      const shares = softmax(scores, i * source.classes, source.classes);
      const found = indexOfMost(shares);
      return { found, share: shares[found] ?? 0 };
    });
  }

  /** Ends when the test that is under way has: an evaluator that is destroyed does not answer. */
  async destroy(): Promise<void> {
    await this.#last;
    // One that could not be made needs no end.
    const evaluator = await this.#evaluator?.catch(() => null);
    evaluator?.destroy();
  }
}
