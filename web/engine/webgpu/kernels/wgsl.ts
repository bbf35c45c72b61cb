// What WGSL writes differently from GLSL.

import type { ShaderLanguage } from '../../codegen/expression-code.ts';

export const WGSL: ShaderLanguage = {
  float4: 'vec4f',
  int4: 'vec4i',
  constant: () => 'let',
  variable: () => 'var',
  nan: 'bitcast<f32>(quiet_nan)',
  unary: {
    reciprocal: x => `1 / ${x}`,
    relu: x => `max(${x}, vec4f(0))`,
    // Beyond 15 it is 1 in float32, and exponentials overflow not far from there. One of them is enough.
    tanh: x => `1 - 2 / (exp(2 * clamp(${x}, vec4f(-15), vec4f(15))) + 1)`,
  },
  binary: {
    mod: (x, y) => `${x} % ${y}`,
    less: (x, y) => `select(vec4f(0), vec4f(1), ${x} < ${y})`,
  },
  select: (no, yes, test) => `select(${no}, ${yes}, ${test} != vec4f(0))`,
  // WGSL's matrices are given by columns.
  matrixProduct: (rows, x) => {
    const columns = [0, 1, 2, 3].flatMap(c => [0, 1, 2, 3].map(r => rows[r * 4 + c]));
    return `mat4x4f(${columns.join(', ')}) * ${x}`;
  },
};
