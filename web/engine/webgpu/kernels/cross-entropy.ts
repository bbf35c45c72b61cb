// Kernels of softmax cross-entropy and its gradient: a thread has the logits of one pixel, or, for the loss, of several.

import type { CrossEntropy } from '../../graph/ir/operation.ts';
import crossEntropy from './cross-entropy.wgsl?raw';
import crossEntropyGradient from './cross-entropy-gradient.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';

const ROWS = `
fn logits_at(row: i32, c: i32) -> vec4f {
  return block_0(row * sizes[3].x + sizes[3].y + c);
}
fn target_of(row: i32) -> i32 {
  return i32(block_1(row * sizes[5].x + sizes[5].y).x + 0.5);
}
fn lanes_of(c: i32) -> vec4i {
  return vec4i(4 * c) + vec4i(0, 1, 2, 3);
}
fn most_of(row: i32) -> f32 {
  var most = vec4f(-3.4028234e38);
  for (var c = 0; c < sizes[3].z; c++) {
    most = max(most, select(most, logits_at(row, c), lanes_of(c) < vec4i(sizes[2].y)));
  }
  return max(max(most.x, most.y), max(most.z, most.w));
}
fn sum_of(row: i32, most: f32) -> f32 {
  var sum = vec4f(0);
  for (var c = 0; c < sizes[3].z; c++) {
    sum += select(vec4f(0), exp(logits_at(row, c) - most), lanes_of(c) < vec4i(sizes[2].y));
  }
  return sum.x + sum.y + sum.z + sum.w;
}`;

export function compileCrossEntropy(
  shader: ShaderBuilder,
  { gradient, inputs, output }: CrossEntropy,
): Kernel {
  const [n, , h, w] = (inputs[0] ?? output).shape;
  shader.readInputs();
  shader.add(ROWS);
  shader.finish();
  return gradient
    ? shader.kernel(crossEntropyGradient, linearWorkgroups(n * h * w))
    : shader.kernel(crossEntropy, [1, 1, 1]);
}
