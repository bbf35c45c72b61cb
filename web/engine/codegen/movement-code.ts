// Code that moves elements: it computes the input's element from the output's. `movement-code-extended.ts` has what
// our own looks do not use.

import type { Shape } from '../graph/ir/tensor.ts';
import type { ShaderLanguage } from './expression-code.ts';

/** Element `i` = (n, channel, y, x) of the input. */
export const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

export const vector = ({ int4 }: ShaderLanguage, values: readonly number[]): string =>
  `${int4}(${values.join(', ')})`;

/** A loop over the lanes: `element` sees o = (n, channel, y, x) of the output and sets `made[lane]`. */
export function perLane({ float4, int4, constant, variable }: ShaderLanguage, element: string): string {
  return `  ${variable(float4)} made = ${float4}(0);
  for (${variable('int')} lane = 0; lane < 4; lane++) {
    ${constant(int4)} o = ${int4}(n, c * 4 + lane, y, x);
    if (o.y < sizes[0].y) {
${element}
    }
  }
  return made;`;
}

/** Reads element `i` of the input, where `code` computes `i` from the output's element `o`. */
export const readElement = (language: ShaderLanguage, code: string): string =>
  `      ${language.constant(language.int4)} i = ${code};\n      made[lane] = ${READ};`;

/** Padding that repeats the input's first and last rows and columns. */
export function edgeCode(language: ShaderLanguage, before: Shape): string {
  const { int4 } = language;
  const at = `clamp(o - ${vector(language, before)}, ${int4}(0), sizes[2] - ${int4}(1))`;
  return perLane(language, readElement(language, at));
}
