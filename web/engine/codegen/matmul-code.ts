// Code that reads the elements of the two matrices of a product.

import { LANES, type Tensor } from '../graph/ir/tensor.ts';

/** Element (n, y, x, c) of an input. An input with a single image or channel broadcasts it. */
export function operandCode(index: number, { shape }: Tensor, output: Tensor): string {
  const [n, c] = shape;
  const lanes = c === 1 && output.shape[1] > 1 ? '.xxxx' : '';
  return `read_${index}(${n === 1 ? '0' : 'n'}, y, x, ${c <= LANES ? '0' : 'c'})${lanes}`;
}
