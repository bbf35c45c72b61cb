// The product of two computed matrices.

import type { Product } from '../../graph/ir/operation.ts';
import { blocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';
import { type Kernel, linear } from './kernel.ts';
import product from './matmul.wgsl?raw';
import type { Shader } from './shader.ts';

/** `fn left(n, y, x, c)`: an element, where the input has one image or channel for all, that one. */
function operand(name: string, index: number, { shape }: Tensor, output: Tensor): string {
  const [n, c] = shape;
  const at = `${n === 1 ? '0' : 'n'}, y, x, ${c <= LANES ? '0' : 'c'}`;
  const lanes = c === 1 && output.shape[1] > 1 ? '.xxxx' : '';
  return `fn ${name}(n: i32, y: i32, x: i32, c: i32) -> vec4f { return read_${index}(${at})${lanes}; }`;
}

export function compileProduct(shader: Shader, { inputs, output }: Product): Kernel {
  const [left = output, right = output] = inputs;
  shader.readInputs();
  shader.add(operand('left', 0, left, output));
  shader.add(operand('right', 1, right, output));
  shader.finish();
  const [n, , h, w] = output.shape;
  const workgroups = linear(n * h * w * blocks(output));
  return shader.kernel(product, workgroups);
}
