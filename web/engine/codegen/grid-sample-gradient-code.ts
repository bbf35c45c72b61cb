// Code of the gradients of sampling a picture. Each element of the picture looks at all positions, which is slow where
// there are many, but gives the same sum on every machine: GPUs add floats to memory in any order.

import type { Sampling } from '../graph/ir/operation.ts';
import type { ShaderLanguage } from './expression-code.ts';
import { MAX_POSITION, positionCode } from './grid-sample-code.ts';

/** Reads a position by `element`, 0 or 1, as `given`, and computes `at`. */
function positionOfGrid(
  language: ShaderLanguage,
  sampling: Sampling,
  element: (x: number) => string,
): string {
  const { float4, constant, binary, select } = language;
  const finite = binary.less?.('abs(given)', `${float4}(${MAX_POSITION})`) ?? '';
  return `  ${constant(float4)} given = ${float4}(${element(0)}, ${element(1)}, 0.0, 0.0);
  ${constant(float4)} finite = ${finite};
  ${constant(float4)} grid = ${select(`${float4}(-1.0)`, 'given', 'finite')};
${positionCode(language, sampling)}`;
}

/** Declares `i`, the pixel of a tap, and `near`, how much of it is taken. */
function tapOf({ float4, int4, constant }: ShaderLanguage): string {
  return `    ${constant(int4)} step = ${int4}(tap % 2, tap / 2, 0, 0);
    ${constant(int4)} i = ${int4}(corner) + step;
    ${constant(float4)} near = mix(1.0 - at + corner, at - corner, ${float4}(step));`;
}

/** The body of `make`, of an element of the picture. */
export function gridSampleGradientCode(language: ShaderLanguage, sampling: Sampling): string {
  const { float4, int4, constant, variable } = language;
  const { interpolation, padding } = sampling;
  const isLinear = interpolation === 'linear';
  const clamped = padding === 'zeros' ? 'i' : `clamp(i, ${int4}(0), sizes[0].wzyx - ${int4}(1))`;
  const add = (weight: string) => `    ${constant(int4)} j = ${clamped};
    if (j.x == x && j.y == y) { made += ${weight}read_1(n, row, column, c); }`;
  const taps = isLinear
    ? `  ${constant(float4)} corner = floor(at);
  for (${variable('int')} tap = 0; tap < 4; tap++) {
${tapOf(language)}
${add('near.x * near.y * ')}
  }`
    : `    ${constant(int4)} i = ${int4}(at);
${add('')}`;
  return `  ${variable(float4)} made = ${float4}(0.0);
  ${constant(float4)} size = ${float4}(sizes[0].wzyx);
  for (${variable('int')} row = 0; row < sizes[4].z; row++) {
  for (${variable('int')} column = 0; column < sizes[4].w; column++) {
${positionOfGrid(language, sampling, x => `read_0(n, column, ${x}, row / 4)[row % 4]`)}
${taps}
  }
  }
  return made;`;
}

/** Declares `slope`: the derivative of `at` by `grid`. Beyond the border it is 0, as in torch. */
function slopeCode(language: ShaderLanguage, { padding, alignCorners }: Sampling): string {
  const { float4, constant, variable, binary } = language;
  const less = (a: string, b: string) => binary.less?.(a, b) ?? '';
  const zero = `${float4}(0.0)`;
  const lines = [
    `  ${variable(float4)} slope = finite * ${alignCorners ? '(size - 1.0) / 2.0' : 'size / 2.0'};`,
  ];
  if (padding === 'reflection') {
    const whole = alignCorners ? '(grid + 1.0) / 2.0 * (size - 1.0)' : '((grid + 1.0) * size - 1.0) / 2.0';
    const low = alignCorners ? '0.0' : '0.5';
    // `span`, `period` and `along` are those of `at`.
    lines.push(
      `  ${constant(float4)} phase = along - period * floor(along / period);`,
      `  slope *= 1.0 - 2.0 * ${less(`${whole} + ${low}`, zero)};`,
      `  slope *= 2.0 * ${less('phase', 'span')} - 1.0;`,
    );
  }
  if (padding !== 'zeros') lines.push(`  slope *= ${less(zero, 'at')} * ${less('at', 'size - 1.0')};`);
  return lines.join('\n');
}

/** The body of `make`, of a block of four rows of the grid: (n, y, x, c) is the column y of them, and x or y of the
 * positions. The derivative is of linear interpolation. */
export function gridSamplePositionGradientCode(language: ShaderLanguage, sampling: Sampling): string {
  const { float4, int4, constant, variable } = language;
  const inside = sampling.padding === 'zeros' ? 'i.x == j.x && i.y == j.y' : 'true';
  return `  ${variable(float4)} made = ${float4}(0.0);
  ${constant(float4)} size = ${float4}(sizes[2].wzyx);
  for (${variable('int')} lane = 0; lane < min(4, sizes[0].y - c * 4); lane++) {
${positionOfGrid(language, sampling, x => `read_1(n, y, ${x}, c)[lane]`)}
${slopeCode(language, sampling)}
  ${constant(float4)} corner = floor(at);
  ${variable('float')} sum = 0.0;
  for (${variable('int')} tap = 0; tap < 4; tap++) {
${tapOf(language)}
    ${constant(float4)} side = 2.0 * ${float4}(step) - 1.0;
    ${constant('float')} factor = ${language.constant('float') === 'let' ? 'select(side.y * near.x, side.x * near.y, x == 0)' : 'x == 0 ? side.x * near.y : side.y * near.x'};
    ${constant(int4)} j = clamp(i, ${int4}(0), sizes[2].wzyx - ${int4}(1));
    if (${inside}) {
      for (${variable('int')} block = 0; block < (sizes[2].y + 3) / 4; block++) {
        sum += factor * dot(read_0(n, j.y, j.x, block), read_2(n, c * 4 + lane, y, block));
      }
    }
  }
  made[lane] = sum * slope[x];
  }
  return made;`;
}
