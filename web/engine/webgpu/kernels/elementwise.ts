// Element-wise kernels: each thread computes one block of four channels.

import { channelBlocks } from '../../graph/ir/tensor.ts';
import elementwise from './elementwise.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';

/** `made` is an expression or the body of `make`. */
export function elementwiseKernel(shader: ShaderBuilder, made: string): Kernel {
  const [n, , h, w] = shader.operation.output.shape;
  shader.readInputs();
  const body = made.includes('return') ? made : `  return ${made};`;
  shader.add(`fn make(n: i32, y: i32, x: i32, c: i32) -> vec4f {\n${body}\n}`);
  shader.finish();
  return shader.kernel(elementwise, linearWorkgroups(n * h * w * channelBlocks(shader.operation.output)));
}
