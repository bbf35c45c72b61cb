// Draws of softmax cross-entropy: the loss of each pixel, or the gradient by its logits.

import type { CrossEntropy } from '../../graph/ir/operation.ts';
import { productOf } from '../../graph/ir/strides.ts';
import type { Draw } from './draw.ts';
import { elementwiseDraw } from './elementwise.ts';
import type { ShaderBuilder } from './shader.ts';

const PIXEL = `
bvec4 missing(int c) {
  return greaterThanEqual(ivec4(4 * c) + ivec4(0, 1, 2, 3), sizes[2].yyyy);
}
float most_of(int n, int y, int x) {
  vec4 most = vec4(-3.4028234e38);
  for (int c = 0; c < (sizes[2].y + 3) / 4; c++) {
    most = max(most, mix(read_0(n, y, x, c), most, missing(c)));
  }
  return max(max(most.x, most.y), max(most.z, most.w));
}
float sum_of(int n, int y, int x, float most) {
  vec4 sum = vec4(0);
  for (int c = 0; c < (sizes[2].y + 3) / 4; c++) {
    sum += mix(exp(max(read_0(n, y, x, c) - most, -87.0)), vec4(0), missing(c));
  }
  return dot(sum, vec4(1));
}
// Targets lie as they come, one after the other.
int target_of(int n, int y, int x) {
  int row = (n * sizes[2].z + y) * sizes[2].w + x;
  ivec4 shape = sizes[4];
  int line = row / shape.w;
  return int(read_1(line / shape.z, line % shape.z, row % shape.w, 0).x + 0.5);
}`;

const LOSS = `vec4 make(int n, int y, int x, int c) {
  float most = most_of(n, y, x);
  int target = target_of(n, y, x);
  float right = read_0(n, y, x, target / 4)[target % 4];
  return vec4(log(sum_of(n, y, x, most)) + most - right, 0, 0, 0);
}`;

const gradientCode = (pixels: number): string => `vec4 make(int n, int y, int x, int c) {
  float most = most_of(n, y, x);
  vec4 power = exp(max(read_0(n, y, x, c) - most, -87.0));
  vec4 right = vec4(equal(ivec4(4 * c) + ivec4(0, 1, 2, 3), ivec4(target_of(n, y, x))));
  return (power / sum_of(n, y, x, most) - right) / ${pixels}.0;
}`;

/** The output of a loss has the pixels of the logits, and one channel. */
export function compileCrossEntropy(shader: ShaderBuilder, { gradient, inputs, output }: CrossEntropy): Draw {
  const [n, , h, w] = (inputs[0] ?? output).shape;
  shader.add(PIXEL);
  return elementwiseDraw(shader, gradient ? gradientCode(productOf([n, h, w])) : LOSS);
}
