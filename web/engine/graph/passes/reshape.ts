// The same values in the same order, in another shape.

import { input } from '../ir/expression.ts';
import type { Elementwise, Movement } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { sameShape, type Tensor } from '../ir/tensor.ts';

/** A copy where the shapes are the same: fusion has it computed with a neighbour. */
export function reshapeTo(output: Tensor, from: Tensor, name: string): Elementwise | Movement {
  const common = { name, inputs: [from], output };
  if (sameShape(from.shape, output.shape)) return { ...common, kind: 'elementwise', epilogue: input(0) };
  const map = { kind: 'view', dims: [productOf(from.shape)], strides: [1], start: 0 } as const;
  return { ...common, kind: 'movement', epilogue: null, map };
}
