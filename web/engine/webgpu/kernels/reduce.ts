// Kernels of reductions.

import { COMBINE, NEUTRAL } from '../../codegen/reduce-code.ts';
import type { Reduce } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import reduce from './reduce.wgsl?raw';
import type { ShaderBuilder } from './shader.ts';

const THREADS = 64;
/** Values per output from which on threads share them. */
const MANY = 128;

export function compileReduce(shader: ShaderBuilder, { how, axes, inputs, output }: Reduce): Kernel {
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
  const outputs = output.shape[0] * output.shape[2] * output.shape[3] * channelBlocks(output);
  return shader.kernel(reduce, linearWorkgroups(outputs * share));
}
