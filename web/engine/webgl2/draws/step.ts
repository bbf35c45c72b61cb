// Steps of a frame: what each draw computes.

import type { Expression } from '../../graph/ir/expression.ts';
import type { InstanceNorm, Operation } from '../../graph/ir/operation.ts';
import type { Shape, Tensor } from '../../graph/ir/tensor.ts';

/** A sum of squares: along rows of the distances of inputs[0] from the mean in inputs[1], or along columns of
 * inputs[0]. */
export interface Deviation {
  readonly kind: 'deviation';
  readonly name: string;
  readonly along: 'rows' | 'columns';
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly epilogue: Expression | null;
}

export type DrawStep = Exclude<Operation, InstanceNorm> | Deviation;

export interface DrawSteps {
  readonly steps: readonly DrawStep[];
  /** Tensors that are not in the plan. */
  readonly temporaries: readonly Tensor[];
}

/** Makes a tensor that is not in the plan. */
export type MakeTensor = (name: string, shape: Shape) => Tensor;
