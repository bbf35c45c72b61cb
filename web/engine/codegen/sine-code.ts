// Code of sine and cosine. Those of GPUs may be wrong by 5e-4 (WGSL's bound is 2^-11), which is too much for gradients.

import type { ShaderLanguage } from './expression-code.ts';

/** The body of a function of `x`, a vector: its sine, a number of quarter turns later. The argument is brought to an eighth
 * of a turn around a multiple of a quarter, whose length is subtracted in three parts (Cody and Waite 1980), and then to
 * the polynomials of Cephes' sinf and cosf. */
export const sineCode = ({ float4, constant, binary, select }: ShaderLanguage, quarters: 0 | 1): string => {
  const declare = constant(float4);
  const isOne = (x: string) => binary.less?.(`${float4}(0.5)`, x) ?? '';
  return `  ${declare} turns = floor(x * 0.63661977 + 0.5);
  ${declare} r = x - turns * 1.5703125 - turns * 4.837513e-4 - turns * 7.54979e-8;
  ${declare} r2 = r * r;
  ${declare} s = r + r * r2 * (-0.16666655 + r2 * (8.332161e-3 - r2 * 1.9515296e-4));
  ${declare} c = 1.0 - 0.5 * r2 + r2 * r2 * (4.1666646e-2 + r2 * (-1.3887316e-3 + r2 * 2.4433157e-5));
  ${declare} quarter = turns + ${quarters}.0;
  ${declare} odd = quarter - 2.0 * floor(quarter * 0.5);
  ${declare} later = floor(quarter * 0.5) - 2.0 * floor(quarter * 0.25);
  ${declare} size = ${select('s', 'c', isOne('odd'))};
  return size - 2.0 * later * size;`;
};
