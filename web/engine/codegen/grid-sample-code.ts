// Code that samples a picture at computed positions.
//
// Positions come from a network, so they may be anything, NaN and infinities too. As in ONNX Runtime, those are read
// as -1; where a GPU does not compare NaN as IEEE 754 says, the picture is still not left. Floats are clamped before
// they become integers, as the languages only define that for what fits, and integers before they are addresses.

import type { Sampling } from '../graph/ir/operation.ts';
import type { ShaderLanguage } from './expression-code.ts';

/** Larger positions are read as if they were not finite. */
export const MAX_POSITION = '1e12';

/** Computes `at` of `grid`, in pixels from the middle of the first one: x and y. `size` is the picture's, in that
 * order. */
export function positionCode(
  language: ShaderLanguage,
  { interpolation, padding, alignCorners }: Sampling,
): string {
  const { float4, constant, variable, unary } = language;
  const whole = alignCorners ? '(grid + 1.0) / 2.0 * (size - 1.0)' : '((grid + 1.0) * size - 1.0) / 2.0';
  const rounded = unary.round?.(whole) ?? `round(${whole})`;
  const lines = [`  ${variable(float4)} at = ${interpolation === 'nearest' ? rounded : whole};`];
  if (padding === 'reflection') {
    // Beyond the outer middles (or edges) the picture comes mirrored, then as it is, and so on.
    const [low, span] = alignCorners ? ['0.0', 'size - 1.0'] : ['0.5', 'size'];
    lines.push(
      `  ${constant(float4)} span = ${span};`,
      `  ${constant(float4)} period = max(2.0 * span, ${float4}(1.0));`,
      `  ${constant(float4)} along = abs(at + ${low});`,
      `  at = span - abs(along - period * floor(along / period) - span) - ${low};`,
    );
  }
  // Two pixels beyond the border everything is zero.
  lines.push(
    padding === 'zeros'
      ? `  at = clamp(at, ${float4}(-2.0), size + 1.0);`
      : `  at = clamp(at, ${float4}(0.0), size - 1.0);`,
  );
  return lines.join('\n');
}

/** Adds the pixel `i` to `made`, with that weight. Beyond the picture it is a zero, or the nearest pixel. */
function tapCode({ int4, constant }: ShaderLanguage, { padding }: Sampling, weight: string): string {
  const add = `made += ${weight}read_0(n, j.y, j.x, c);`;
  return `    ${constant(int4)} j = clamp(i, ${int4}(0), sizes[2].wzyx - ${int4}(1));
    ${padding === 'zeros' ? `if (i.x == j.x && i.y == j.y) { ${add} }` : add}`;
}

/** The body of `make`. A row of the grid is a channel of its tensor. */
export function gridSampleCode(language: ShaderLanguage, operation: Sampling): string {
  const { float4, int4, constant, variable, binary, select } = language;
  const finite = binary.less?.('abs(given)', `${float4}(${MAX_POSITION})`) ?? '';
  const element = (x: number) => `read_1(n, x, ${x}, y / 4)[y % 4]`;
  const start = `  ${constant(float4)} size = ${float4}(sizes[2].wzyx);
  ${constant(float4)} given = ${float4}(${element(0)}, ${element(1)}, 0.0, 0.0);
  ${constant(float4)} grid = ${select(`${float4}(-1.0)`, 'given', finite)};
${positionCode(language, operation)}
  ${variable(float4)} made = ${float4}(0.0);`;
  if (operation.interpolation === 'nearest') {
    return `${start}
  ${constant(int4)} i = ${int4}(at);
${tapCode(language, operation, '')}
  return made;`;
  }
  return `${start}
  ${constant(float4)} corner = floor(at);
  for (${variable('int')} tap = 0; tap < 4; tap++) {
    ${constant(int4)} step = ${int4}(tap % 2, tap / 2, 0, 0);
    ${constant(int4)} i = ${int4}(corner) + step;
    ${constant(float4)} near = mix(1.0 - at + corner, at - corner, ${float4}(step));
${tapCode(language, operation, 'near.x * near.y * ')}
  }
  return made;`;
}
