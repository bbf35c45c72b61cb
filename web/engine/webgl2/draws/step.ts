// A step of a frame: what one draw computes.

import type { Expression } from '../../graph/ir/expression.ts';
import type { InstanceNorm, Operation } from '../../graph/ir/operation.ts';
import type { Shape, Tensor } from '../../graph/ir/tensor.ts';

/** The sum of squares along rows, of distances of inputs[0] from the mean in inputs[1]; or along columns, of
 * inputs[0] itself. */
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
  /** Tensors that the plan knows nothing of. */
  readonly temporaries: readonly Tensor[];
}

/** Makes a tensor that the plan knows nothing of. */
export type MakeTensor = (name: string, shape: Shape) => Tensor;
