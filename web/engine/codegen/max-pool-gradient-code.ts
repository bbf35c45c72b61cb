// Code of the gradient of max pooling: an element gets the gradients of the windows in which it is the largest.

import type { MaxPoolGradient } from '../graph/ir/operation.ts';
import type { ShaderLanguage } from './expression-code.ts';

const LOWEST = '-3.4028234e38';

/** The body of `make`. The largest element of a window is found anew; the first of several counts. */
export function maxPoolGradientCode(
  { float4, constant, variable, binary, select }: ShaderLanguage,
  { kernel, strides, before, dilations }: MaxPoolGradient,
): string {
  const [int, counter] = [constant('int'), variable('int')];
  const isLess = (a: string, b: string) => binary.less?.(a, b) ?? '';
  /** The window that has the element as its tap. */
  const window = (axis: 0 | 1, tap: string) => {
    const [name, size] = axis === 0 ? ['y', 'sizes[4].z'] : ['x', 'sizes[4].w'];
    return `${int} reach_${name} = ${name} + ${before[axis]} - ${tap} * ${dilations[axis]};
    if (reach_${name} < 0 || reach_${name} % ${strides[axis]} != 0 || reach_${name} / ${strides[axis]} >= ${size}) { continue; }
    ${int} window_${name} = reach_${name} / ${strides[axis]};`;
  };
  return `  ${variable(float4)} made = ${float4}(0.0);
  for (${counter} j = 0; j < ${kernel[0]}; j++) {
    ${window(0, 'j')}
    for (${counter} i = 0; i < ${kernel[1]}; i++) {
      ${window(1, 'i')}
      ${variable(float4)} most = ${float4}(${LOWEST});
      ${variable(float4)} tap = ${float4}(-1.0);
      for (${counter} k = 0; k < ${kernel[0] * kernel[1]}; k++) {
        ${int} from_y = window_y * ${strides[0]} - ${before[0]} + k / ${kernel[1]} * ${dilations[0]};
        ${int} from_x = window_x * ${strides[1]} - ${before[1]} + k % ${kernel[1]} * ${dilations[1]};
        if (from_y >= 0 && from_x >= 0 && from_y < sizes[2].z && from_x < sizes[2].w) {
          ${constant(float4)} value = read_0(n, from_y, from_x, c);
          ${constant(float4)} higher = ${isLess('most', 'value')};
          tap = ${select('tap', `${float4}(float_of(k))`, 'higher')};
          most = max(most, value);
        }
      }
      ${constant(float4)} own = ${isLess(`abs(tap - ${float4}(float_of(j * ${kernel[1]} + i)))`, `${float4}(0.5)`)};
      made += own * read_1(n, window_y, window_x, c);
    }
  }
  return made;`.replaceAll('float_of', float4 === 'vec4' ? 'float' : 'f32');
}
