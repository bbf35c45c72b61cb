// Trains on the CPU, in plain TypeScript.

import type { Precision, Reals } from '../cpu/arrays.ts';
import { CpuExecutor } from '../cpu/executor.ts';
import { compileExpression } from '../cpu/expression.ts';
import { type Expression, input } from '../graph/ir/expression.ts';
import type { Graph } from '../graph/ir/operation.ts';
import { makeTensor } from '../graph/ir/tensor.ts';
import { floats } from '../onnx/constant.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';

export class CpuTrainer {
  readonly #executor: CpuExecutor;
  readonly #scalars: Reals;
  readonly #updates: readonly (() => void)[];
  #steps = 0;

  /** `graph` is the lowered step. */
  constructor(
    readonly step: TrainingStep,
    graph: Graph,
    readonly optimizer: Optimizer,
    precision: Precision = 'float32',
  ) {
    this.#executor = new CpuExecutor(graph, precision);
    const make = precision === 'float32' ? Float32Array : Float64Array;
    this.#scalars = new make(optimizer.scalars(1, 0).length);
    for (const { constant } of step.statistics) this.array(constant.name).set(floats(constant));
    this.#updates = step.parameters.map(constant => {
      this.array(constant.name).set(floats(constant));
      return this.#compileUpdate(constant.name, step.gradients.get(constant.name) ?? '');
    });
  }

  /** The array of an input, a parameter, a gradient or the loss. */
  array(name: string): Reals {
    return this.#executor.array(name);
  }

  /** One step on what the arrays of the inputs hold. Returns the loss before it. */
  run(learningRate: number): number {
    this.#steps += 1;
    this.#executor.run();
    this.#scalars.set(this.optimizer.scalars(this.#steps, learningRate));
    for (const update of this.#updates) update();
    for (const { constant, next } of this.step.statistics) this.array(constant.name).set(this.array(next));
    return this.array(this.step.loss)[0] ?? Number.NaN;
  }

  /** The optimizer's formula for one parameter. New values are computed before any is stored. */
  #compileUpdate(parameter: string, gradient: string): () => void {
    const { optimizer } = this;
    const weight = this.array(parameter);
    const slots = optimizer.slots.map(({ initial }) => weight.slice().fill(initial));
    const arrays = [weight, this.array(gradient), ...slots];
    const output = makeTensor(parameter, [weight.length]);
    const made = optimizer.update({
      weight: input(0),
      gradient: input(1),
      slots: slots.map((_, i) => input(i + 2)),
      scalars: Array.from(this.#scalars, (_, index): Expression => ({ kind: 'live', index })),
    });
    const stages = [made.weight, ...made.slots].map((tree, i) => {
      const next = weight.slice();
      const inputs = arrays.map(array => ({ tensor: output, array }));
      const compute = compileExpression(tree, { output, made: next, inputs, live: this.#scalars });
      return { compute, next, target: i === 0 ? weight : (slots[i - 1] ?? weight) };
    });
    return () => {
      for (const { compute } of stages) compute();
      for (const { next, target } of stages) target.set(next);
    };
  }
}
