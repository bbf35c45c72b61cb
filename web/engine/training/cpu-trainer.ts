// Trains on the CPU, in plain TypeScript.

import type { Precision, Reals } from '../cpu/arrays.ts';
import { CpuExecutor } from '../cpu/executor.ts';
import { compileExpression } from '../cpu/expression.ts';
import type { Graph } from '../graph/ir/operation.ts';
import { makeTensor } from '../graph/ir/tensor.ts';
import { type Constant, floats } from '../onnx/constant.ts';
import { noiseInputs } from './noise.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';
import { makeUpdate } from './update.ts';

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
    /** Of random numbers. */
    readonly seed = 0,
  ) {
    this.#executor = new CpuExecutor(graph, precision);
    const make = precision === 'float32' ? Float32Array : Float64Array;
    this.#scalars = new make(optimizer.scalars(1, 0).length);
    for (const { constant } of step.statistics) this.array(constant.name).set(floats(constant));
    this.#updates = step.parameters.map(constant => {
      this.array(constant.name).set(floats(constant));
      return this.#compileUpdate(constant);
    });
  }

  /** The array of an input, a parameter, a gradient or the loss. */
  array(name: string): Reals {
    return this.#executor.array(name);
  }

  /** One step on what the arrays of the inputs hold. Returns the loss before it. */
  run(learningRate: number): number {
    this.#steps += 1;
    for (const [name, values] of noiseInputs(this.step, this.seed, this.#steps)) this.array(name).set(values);
    this.#executor.run();
    this.#scalars.set(this.optimizer.scalars(this.#steps, learningRate));
    for (const update of this.#updates) update();
    for (const { constant, next } of this.step.statistics) this.array(constant.name).set(this.array(next));
    return this.array(this.step.loss)[0] ?? Number.NaN;
  }

  /** The optimizer's formula for one parameter. New values are computed before any is stored. */
  #compileUpdate({ name, dims }: Constant): () => void {
    const { inputs, results, slots } = makeUpdate(this.step, this.optimizer, { name, dims });
    const output = makeTensor(name, [this.array(name).length]);
    const single = makeTensor('scale', [1]);
    const arrays = new Map(
      inputs.map(one => [one, this.#has(one) ? this.array(one) : this.array(name).slice()]),
    );
    for (const [slot, initial] of slots) arrays.get(slot)?.fill(initial);
    const operands = inputs.map(one => ({
      tensor: one === this.step.gradientScale ? single : output,
      array: arrays.get(one) ?? this.array(name),
    }));
    const stages = results.map(({ target, value }) => {
      const next = this.array(name).slice();
      const compute = compileExpression(value, { output, made: next, inputs: operands, live: this.#scalars });
      return { compute, next, target: arrays.get(target) ?? next };
    });
    return () => {
      for (const { compute } of stages) compute();
      for (const { next, target } of stages) target.set(next);
    };
  }

  /** Whether the step has an input or an output of that name; else the trainer alone keeps it. */
  #has(name: string): boolean {
    const { inputs, outputs } = this.step.model;
    return [...inputs, ...outputs].some(value => value.name === name);
  }
}
