// Code for max pooling.

import type { MaxPool } from '../graph/ir/operation.ts';
import type { ShaderLanguage } from './expression-code.ts';

export function maxPoolCode(
  { float4, constant, variable }: ShaderLanguage,
  { kernel, strides, before, dilations }: MaxPool,
): string {
  const [int, value] = [constant('int'), variable('int')];
  return `  ${variable(float4)} made = ${float4}(-3.4028234e38);
  for (${value} j = 0; j < ${kernel[0]}; j++) {
    for (${value} i = 0; i < ${kernel[1]}; i++) {
      ${int} from_y = y * ${strides[0]} + j * ${dilations[0]} - ${before[0]};
      ${int} from_x = x * ${strides[1]} + i * ${dilations[1]} - ${before[1]};
      if (from_y >= 0 && from_x >= 0 && from_y < sizes[2].z && from_x < sizes[2].w) {
        made = max(made, read_0(n, from_y, from_x, c));
      }
    }
  }
  return made;`;
}
