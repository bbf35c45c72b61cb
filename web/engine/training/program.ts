// A training as plain data, without functions, so that a worker can be sent it.

import type { Graph } from '../graph/ir/operation.ts';
import { productOf } from '../graph/ir/strides.ts';
import { floats } from '../onnx/constant.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';
import { makeUpdate, type ParameterUpdate } from './update.ts';

export interface TrainingProgram {
  /** The lowered step. */
  readonly graph: Graph;
  readonly loss: string;
  /** How each parameter changes, with its shape. */
  readonly updates: readonly (ParameterUpdate & { readonly dims: readonly number[] })[];
  /** Running statistics, and the names of their new values. */
  readonly statistics: readonly { readonly name: string; readonly next: string }[];
  /** How many numbers the optimizer has for each step. */
  readonly scalars: number;
}

export const makeProgram = (step: TrainingStep, graph: Graph, optimizer: Optimizer): TrainingProgram => ({
  graph,
  loss: step.loss,
  updates: step.parameters.map(parameter => ({
    ...makeUpdate(step, optimizer, parameter),
    dims: parameter.dims,
  })),
  statistics: step.statistics.map(({ constant, next }) => ({ name: constant.name, next })),
  scalars: optimizer.scalars(1, 0).length,
});

/** The whole state before the first step: the values of the file, and what the optimizer begins with. */
export function initialState(step: TrainingStep, optimizer: Optimizer): Map<string, Float32Array> {
  const constants = [...step.parameters, ...step.statistics.map(({ constant }) => constant)];
  const state = new Map(constants.map(one => [one.name, floats(one).slice()]));
  for (const parameter of step.parameters) {
    for (const [slot, initial] of makeUpdate(step, optimizer, parameter).slots) {
      state.set(slot, new Float32Array(productOf(parameter.dims)).fill(initial));
    }
  }
  return state;
}
