// Runs a graph on the CPU, in plain TypeScript: for machines without a GPU, in a worker, and as the oracle of tests, in
// float64 too. It runs the graph as it is lowered, not fused, so that it shares no pass with the GPU backends.

import { assertNever, EngineError } from '../error.ts';
import type { Graph, Operation, UniformNoise } from '../graph/ir/operation.ts';
import type { Tensor } from '../graph/ir/tensor.ts';
import { withoutDead } from '../graph/passes/fusion.ts';
import { type Precision, type Reals, TensorArrays } from './arrays.ts';
import {
  compileComputedConvolution,
  compileConvolution,
  compileConvWeightGradient,
  compileSumOfParts,
} from './conv.ts';
import { compileExpression } from './expression.ts';
import { compileGridSample } from './grid-sample.ts';
import { compileGridSampleGradient, compileGridSamplePositionGradient } from './grid-sample-gradient.ts';
import { compileConcat, compileMovement } from './movement.ts';
import { compileMatMul, compileResample } from './products.ts';
import { compileNormalization, compileReduce } from './statistics.ts';
import { compileUniformNoise } from './uniform-noise.ts';
import { compileMaxPool, compileMaxPoolGradient } from './window.ts';

export class CpuExecutor {
  readonly #arrays: TensorArrays;
  readonly #live: Float32Array;
  readonly #steps: readonly (() => void)[];

  constructor(
    readonly graph: Graph,
    precision: Precision = 'float32',
  ) {
    this.#arrays = new TensorArrays(precision);
    this.#live = Float32Array.from(graph.live, one => one.default);
    this.#steps = withoutDead(graph.operations, graph.outputs).flatMap(one => this.#compile(one));
  }

  /** The array of an input or an output, to write before a run and to read after it. */
  array(name: string): Reals {
    const live = this.graph.live.findIndex(one => one.name === name);
    if (live >= 0) return this.#live.subarray(live, live + 1);
    const tensor = [...this.graph.inputs, ...this.graph.outputs].find(one => one.name === name);
    if (!tensor) throw new EngineError(`The graph has no input or output '${name}'.`);
    return this.#arrays.of(tensor);
  }

  /** Computes the outputs from the inputs. */
  run(): void {
    for (const step of this.#steps) step();
  }

  #compile(operation: Operation): (() => void)[] {
    const { inputs, output, epilogue } = operation;
    const arrays = inputs.map(tensor => this.#arrays.of(tensor));
    const made = this.#arrays.of(output);
    const step =
      operation.kind === 'uniformNoise'
        ? compileUniformNoise(operation, this.#live, made)
        : compileOperation(operation, arrays, made);
    const operands = inputs.map((tensor, i) => ({ tensor, array: arrays[i] ?? made }));
    const after =
      epilogue && compileExpression(epilogue, { output, made, inputs: operands, live: this.#live });
    return [step, after].filter(one => one !== null);
  }
}

/** What the operation does before its epilogue; null for nothing. */
function compileOperation(
  operation: Exclude<Operation, UniformNoise>,
  arrays: readonly Reals[],
  to: Reals,
): (() => void) | null {
  const [first = to, second = to] = arrays;
  const { shape } = operation.inputs[0] ?? (operation.output satisfies Tensor);
  switch (operation.kind) {
    case 'frameInput':
      throw new EngineError('The CPU takes no frames of a camera; give it arrays.');
    case 'elementwise':
      return null;
    case 'convolution':
      return compileConvolution(operation, first, shape, to);
    case 'computedConvolution':
      return compileComputedConvolution(operation, first, second, to);
    case 'convWeightGradient':
      return compileConvWeightGradient(operation, first, second, to);
    case 'sumOfParts':
      return compileSumOfParts(operation, first, to);
    case 'resample':
      return compileResample(operation, first, shape, to);
    case 'maxPool':
      return compileMaxPool(operation, first, shape, to);
    case 'maxPoolGradient':
      return compileMaxPoolGradient(operation, first, second, to);
    case 'crossEntropy':
      throw new EngineError(`Node '${operation.name}' (${operation.kind}) is lowered in parts for the CPU.`);
    case 'normalization':
      return compileNormalization(operation, first, shape, to);
    case 'reduce':
      return compileReduce(operation, first, shape, to);
    case 'matMul':
      return compileMatMul(operation, first, second, to);
    case 'gridSample':
      return compileGridSample(operation, first, second, to);
    case 'gridSampleGradient':
      return compileGridSampleGradient(operation, first, second, to);
    case 'gridSamplePositionGradient':
      return compileGridSamplePositionGradient(operation, [first, second, arrays[2] ?? to], to);
    case 'movement':
      return compileMovement(operation, first, shape, to);
    case 'concat':
      return compileConcat(operation, arrays, to);
    default:
      return assertNever(operation);
  }
}
