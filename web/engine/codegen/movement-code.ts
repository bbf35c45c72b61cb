// Code for views, padding and concatenation: it computes the input's element from the output's. Our own looks do not
// use it.

import { assertNever } from '../error.ts';
import type { Concat, IndexMap, Movement, View } from '../graph/ir/operation.ts';
import { LANES } from '../graph/ir/tensor.ts';
import { literal, type ShaderLanguage } from './expression-code.ts';
import { viewAddress } from './view-address.ts';

/** Element `i` = (n, channel, y, x) of the input. */
const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

const vector = ({ int4 }: ShaderLanguage, values: readonly number[]): string =>
  `${int4}(${values.join(', ')})`;

/** A loop over the lanes: `element` sees o = (n, channel, y, x) of the output and sets `made[lane]`. */
function perLane({ float4, int4, constant, variable }: ShaderLanguage, element: string): string {
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
const readElement = (language: ShaderLanguage, code: string): string =>
  `      ${language.constant(language.int4)} i = ${code};\n      made[lane] = ${READ};`;

/** `inside` tests whether `i` is an element of the input. */
export function movementCode(language: ShaderLanguage, operation: Movement, inside: string): string {
  const { map } = operation;
  switch (map.kind) {
    case 'view':
      return viewCode(language, operation, map);
    case 'pad':
      return padCode(language, map, inside);
    case 'extend':
      return extendCode(language, map);
    default:
      return assertNever(map);
  }
}

function viewCode(language: ShaderLanguage, { inputs, output }: Movement, view: View): string {
  const { int4, constant } = language;
  const { index, offset, at } = viewAddress(view, inputs[0]?.shape ?? output.shape, output.shape);
  const lines = [
    ...(index ? [`      ${constant('int')} index = ${index};`] : []),
    ...(offset ? [`      ${constant('int')} offset = ${offset};`] : []),
    readElement(language, `${int4}(${at.join(', ')})`),
  ];
  return perLane(language, lines.join('\n'));
}

/** Padding with one value. */
function padCode(
  language: ShaderLanguage,
  { before, value }: Extract<IndexMap, { kind: 'pad' }>,
  inside: string,
): string {
  return perLane(
    language,
    `      ${language.constant(language.int4)} i = o - ${vector(language, before)};
      made[lane] = ${literal(language, value)};
      if (${inside}) {
        made[lane] = ${READ};
      }`,
  );
}

/** Padding with elements of the input. */
function extendCode(
  language: ShaderLanguage,
  { before, mode }: Extract<IndexMap, { kind: 'extend' }>,
): string {
  const { int4, constant } = language;
  if (mode === 'edge') {
    const inside = `clamp(o - ${vector(language, before)}, ${int4}(0), sizes[2] - ${int4}(1))`;
    return perLane(language, readElement(language, inside));
  }
  const start = `      ${constant(int4)} position = o - ${vector(language, before)};`;
  if (mode === 'wrap') {
    // GLSL does not define the remainder of a negative number.
    const several = `sizes[2] * (${int4}(1) + abs(position) / sizes[2])`;
    return perLane(language, `${start}\n${readElement(language, `(position + ${several}) % sizes[2]`)}`);
  }
  const last = `      ${constant(int4)} last = sizes[2] - ${int4}(1);`;
  const at = `max(last - abs(last - abs(position)), ${int4}(0))`;
  return perLane(language, `${start}\n${last}\n${readElement(language, at)}`);
}

/** Concatenation of the inputs along the axis. */
export function concatCode(language: ShaderLanguage, { axis, inputs }: Concat): string {
  const letter = 'xyzw'[axis] ?? 'y';
  let at = 0;
  const parts = inputs.map((tensor, k) => {
    const start = at;
    at += tensor.shape[axis];
    const inner = [0, 1, 2, 3].map(a => (a === axis ? start : 0));
    return `      if (o.${letter} >= ${start} && o.${letter} < ${at}) {
        ${language.constant(language.int4)} i = o - ${vector(language, inner)};
        made[lane] = read_${k}(i.x, i.z, i.w, i.y / ${LANES})[i.y % ${LANES}];
      }`;
  });
  return perLane(language, parts.join('\n'));
}
