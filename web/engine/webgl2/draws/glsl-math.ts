// What GLSL writes differently from WGSL. Exponentials and tanh are clamped or our own: drivers differ on large
// arguments, and a single NaN turns the painting black.

import type { ShaderLanguage } from '../../codegen/expression-code.ts';

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
const ERF = `
vec4 erf(vec4 x) {
  vec4 t = 1.0 / (1.0 + 0.3275911 * abs(x));
  vec4 p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - p * exp(-min(x * x, 80.0)));
}`;
// GLSL does not define powers of negative bases; ONNX has -2 ^ 2 = 4. Where ONNX has infinity (0 to a negative power),
// this is the largest float. Where it has NaN (a negative base to a fraction), it is the power of the absolute value.
const POWER = `
vec4 power(vec4 x, vec4 y) {
  vec4 nothing = vec4(lessThan(y, vec4(0))) * 3.4028234e38;
  vec4 size = mix(exp2(y * log2(abs(x))), nothing, equal(x, vec4(0)));
  vec4 odd = abs(y) - 2.0 * floor(abs(y) * 0.5);
  vec4 signed = mix(size, -size, vec4(lessThan(x, vec4(0))) * vec4(equal(odd, vec4(1))));
  return mix(signed, vec4(1), equal(y, vec4(0)));
}`;
// Beyond 15 it is 1 in float32. The square keeps small arguments exact.
const TANH = `
vec4 bounded_tanh(vec4 x) {
  vec4 e = exp(-2.0 * min(abs(x), 15.0));
  vec4 s = x * x;
  return mix(sign(x) * (1.0 - e) / (1.0 + e), x * (1.0 - s / 3.0), lessThan(s, vec4(1e-4)));
}`;
const HELPERS = { 'erf(': ERF, 'power(': POWER, 'bounded_tanh(': TANH } as const;

/** The helper functions that `code` calls. */
export function helperFunctions(code: string): string {
  return Object.entries(HELPERS)
    .filter(([call]) => code.includes(call))
    .map(([, text]) => text)
    .join('');
}

export const GLSL: ShaderLanguage = {
  float4: 'vec4',
  int4: 'ivec4',
  constant: type => type,
  variable: type => type,
  nan: 'uintBitsToFloat(0x7fc00000u)',
  unary: {
    reciprocal: x => `1.0 / ${x}`,
    relu: x => `max(${x}, 0.0)`,
    sigmoid: x => `1.0 / (1.0 + exp(clamp(-${x}, -80.0, 80.0)))`,
    softplus: x => `max(${x}, 0.0) + log(1.0 + exp(max(-abs(${x}), -80.0)))`,
    tanh: x => `bounded_tanh(${x})`,
    exp: x => `exp(clamp(${x}, -87.0, 88.0))`,
    round: x => `roundEven(${x})`,
  },
  binary: {
    mod: (x, y) => `${x} - ${y} * trunc(${x} / ${y})`,
    less: (x, y) => `vec4(lessThan(${x}, ${y}))`,
  },
  select: (no, yes, test) => `mix(${no}, ${yes}, notEqual(${test}, vec4(0)))`,
  // GLSL's matrices are given by columns, so rows given as such are multiplied from the right.
  matrixProduct: (rows, x) => `${x} * mat4(${rows.join(', ')})`,
};
