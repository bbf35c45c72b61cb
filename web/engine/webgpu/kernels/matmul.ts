// The product of two computed matrices.

import { operandCode } from '../../codegen/matmul-code.ts';
import type { MatMul } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import matmul from './matmul.wgsl?raw';
import type { ShaderBuilder } from './shader.ts';

/** `fn left(n, y, x, c)`. */
const declareOperand = (name: string, code: string): string =>
  `fn ${name}(n: i32, y: i32, x: i32, c: i32) -> vec4f { return ${code}; }`;

export function compileMatMul(shader: ShaderBuilder, { inputs, output }: MatMul): Kernel {
  const [left = output, right = output] = inputs;
  shader.readInputs();
  shader.add(declareOperand('left', operandCode(0, left, output)));
  shader.add(declareOperand('right', operandCode(1, right, output)));
  shader.finish();
  const [n, , h, w] = output.shape;
  const workgroups = linearWorkgroups(n * h * w * channelBlocks(output));
  return shader.kernel(matmul, workgroups);
}
