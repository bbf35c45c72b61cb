// Steps of a frame: what each draw computes.

import type { Expression } from '../../graph/ir/expression.ts';
import type { ConvWeightGradient, Normalization, Operation } from '../../graph/ir/operation.ts';
import type { Shape, Tensor } from '../../graph/ir/tensor.ts';
import type { WeightTiling } from './weight-tiles.ts';

/** Sums of inputs[0] along one axis: of its values; or of their squares, or of those of their distances from
 * the mean in inputs[1]. Along channels, `channels` neighbours have one sum: it is in each of their lanes, or
 * in one of its own if all channels have the same. */
export interface PowerSum {
  readonly kind: 'powerSum';
  readonly name: string;
  readonly along: 'channels' | 'rows' | 'columns';
  readonly channels: number;
  readonly power: 1 | 2;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly epilogue: Expression | null;
}

/** Sums of products for the gradient by weights: (parts * tiles, 4 * sums of a tile, 1, 1). */
export interface WeightProducts {
  readonly kind: 'weightProducts';
  readonly name: string;
  readonly operation: ConvWeightGradient;
  readonly tiling: WeightTiling;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly epilogue: null;
}

/** The gradient by weights, from inputs[0], their products. */
export interface SumOfProducts {
  readonly kind: 'sumOfProducts';
  readonly name: string;
  readonly operation: ConvWeightGradient;
  readonly tiling: WeightTiling;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly epilogue: Expression | null;
}

export type DrawStep = Exclude<Operation, Normalization> | PowerSum;

/** Those that only training has. */
export type TrainingDrawStep = DrawStep | WeightProducts | SumOfProducts;

export interface DrawSteps<Step = DrawStep> {
  readonly steps: readonly Step[];
  /** Tensors that are not in the plan. */
  readonly temporaries: readonly Tensor[];
}

/** Makes a tensor that is not in the plan. */
export type MakeTensor = (name: string, shape: Shape) => Tensor;
