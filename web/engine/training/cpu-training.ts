// The steps of a training on the CPU, in plain TypeScript: in a page's worker, and in Node.

import type { Precision, Reals } from '../cpu/arrays.ts';
import { CpuExecutor } from '../cpu/executor.ts';
import { compileExpression } from '../cpu/expression.ts';
import { makeTensor } from '../graph/ir/tensor.ts';
import type { Tensors } from './backend.ts';
import type { TrainingProgram } from './program.ts';
import type { ParameterUpdate } from './update.ts';

export class CpuTraining {
  readonly #executor: CpuExecutor;
  /** What the graph does not have, as most slots of optimizers. */
  readonly #own = new Map<string, Reals>();
  readonly #scalars: Reals;
  readonly #updates: readonly (() => void)[];

  constructor(
    readonly program: TrainingProgram,
    precision: Precision = 'float32',
  ) {
    const { graph } = program;
    this.#executor = new CpuExecutor(graph, precision);
    const make = precision === 'float32' ? Float32Array : Float64Array;
    this.#scalars = new make(program.scalars);
    const known = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
    this.#updates = program.updates.map(update => {
      const { length } = this.array(update.inputs[0] ?? '');
      for (const slot of update.slots.keys()) if (!known.has(slot)) this.#own.set(slot, new make(length));
      return this.#compileUpdate(update, length);
    });
  }

  /** The array of an input, of a tensor of the state, of a gradient, or of the loss. */
  array(name: string): Reals {
    return this.#own.get(name) ?? this.#executor.array(name);
  }

  write(tensors: Tensors): void {
    for (const [name, values] of tensors) this.array(name).set(values);
  }

  /** One step on what the arrays of the inputs hold. Returns the loss before it. */
  step(scalars: readonly number[]): number {
    const { loss, statistics } = this.program;
    this.#executor.run();
    this.#scalars.set(scalars);
    for (const update of this.#updates) update();
    for (const { name, next } of statistics) this.array(name).set(this.array(next));
    return this.array(loss)[0] ?? Number.NaN;
  }

  /** New values are computed before any is stored. */
  #compileUpdate({ inputs, results }: ParameterUpdate, length: number): () => void {
    const output = makeTensor('update', [length]);
    const single = makeTensor('number', [1]);
    const operands = inputs.map(name => {
      const array = this.array(name);
      return { tensor: array.length === length ? output : single, array };
    });
    const stages = results.map(({ target, value }) => {
      const to = this.array(target);
      const made = to.slice();
      const compute = compileExpression(value, { output, made, inputs: operands, live: this.#scalars });
      return { compute, made, to };
    });
    return () => {
      for (const { compute } of stages) compute();
      for (const { made, to } of stages) to.set(made);
    };
  }
}
