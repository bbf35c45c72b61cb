// Kernels of the operations that look at whole axes: reductions and products of computed matrices.

import { blocks, LANES, type Product, type Reduce, type Tensor } from '../../graph/ir/operation.ts';
import { type Kernel, kernelOf, linear } from './kernel.ts';
import product from './matmul.wgsl?raw';
import reduce from './reduce.wgsl?raw';
import type { Shader } from './shader.ts';

const NEUTRAL: Readonly<Record<Reduce['how'], string>> = {
  sum: '0.0',
  product: '1.0',
  max: '-3.4028234e38',
  min: '3.4028234e38',
};
const COMBINE: Readonly<Record<Reduce['how'], string>> = {
  sum: 'a + b',
  product: 'a * b',
  max: 'max(a, b)',
  min: 'min(a, b)',
};
const THREADS = 64;
/** Values for one output from which on threads share them. */
const MANY = 128;

export function compileReduce(shader: Shader, { how, axes, inputs, output }: Reduce): Kernel {
  const [n, c, h, w] = axes;
  const { shape } = inputs[0] ?? output;
  const count = shape.reduce((product, size, axis) => product * (axes[axis] ? size : 1), 1);
  const share = count >= MANY ? THREADS : 1;
  shader.readInputs();
  shader.add(`const SHARE = ${share};`);
  shader.add(`const NEUTRAL = ${NEUTRAL[how]};`);
  shader.add(`const REDUCED = vec4<bool>(${n}, ${h}, ${w}, ${c});`);
  shader.add(`fn combine(a: vec4f, b: vec4f) -> vec4f { return ${COMBINE[how]}; }`);
  shader.finish();
  const outputs = output.shape[0] * output.shape[2] * output.shape[3] * blocks(output);
  return kernelOf(shader, reduce, linear(outputs * share));
}

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
  return kernelOf(shader, product, workgroups);
}
