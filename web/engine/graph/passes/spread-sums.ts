// Whether a graph may have norms. They spread what they sum up over the values that they summed. The sums of most training
// steps are losses and gradients of biases: nothing reads them, so that what recognizes norms need not be fetched.

import type { Operation } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import type { Tensor } from '../ir/tensor.ts';

/** `operations` are in order. */
export function spreadsSums(operations: readonly Operation[]): boolean {
  const sums = new Set<Tensor>();
  for (const { kind, inputs, output } of operations) {
    const read = inputs.filter(tensor => sums.has(tensor));
    const size = productOf(output.shape);
    if (kind === 'normalization' || read.some(({ shape }) => productOf(shape) < size)) return true;
    if (kind === 'reduce' || read.length > 0) sums.add(output);
  }
  return false;
}
