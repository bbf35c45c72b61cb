// Code of convolutions by computed weights, and of their gradients by the weights. Not optimized.

import type { ComputedConvolution, ConvWeightGradient, WindowGeometry } from '../graph/ir/operation.ts';
import { LANES } from '../graph/ir/tensor.ts';
import type { ShaderLanguage } from './expression-code.ts';

const AXES = ['y', 'x'] as const;

/** Where the tap `k_axis` of the window at `position` reads, as `name_axis`. */
function readsAt(
  { constant }: ShaderLanguage,
  { strides, dilations, before }: WindowGeometry,
  position: string,
  axis: 0 | 1,
): string {
  const name = AXES[axis];
  return `${constant('int')} from_${name} = ${position} * ${strides[axis]} - ${before[axis]} + k_${name} * ${dilations[axis]};`;
}

/** Declares `from_axis`, the input that the output reads by a tap, or goes on with the next tap. */
function source(language: ShaderLanguage, operation: ComputedConvolution, axis: 0 | 1): string {
  const { strides, dilations, before, transposed } = operation;
  const name = AXES[axis];
  const size = `sizes[2].${axis === 0 ? 'z' : 'w'}`;
  if (!transposed) {
    return `${readsAt(language, operation, name, axis)}
    if (from_${name} < 0 || from_${name} >= ${size}) { continue; }`;
  }
  const stride = strides[axis];
  return `${language.constant('int')} reach_${name} = ${name} + ${before[axis]} - k_${name} * ${dilations[axis]};
    if (reach_${name} < 0 || reach_${name} % ${stride} != 0 || reach_${name} / ${stride} >= ${size}) { continue; }
    ${language.constant('int')} from_${name} = reach_${name} / ${stride};`;
}

/** A loop over an integer. */
const loop = ({ variable }: ShaderLanguage, name: string, count: string, body: string, first = '0'): string =>
  `for (${variable('int')} ${name} = ${first}; ${name} < ${count}; ${name}++) {
${body}
  }`;

/** Adds the products of four input channels and four output channels. */
function blockProducts(language: ShaderLanguage, { transposed }: ComputedConvolution): string {
  const { float4, constant } = language;
  const last = 'sizes[4].x - 1';
  const weight = (k: number) =>
    transposed
      ? `read_1(min(i * 4 + ${k}, ${last}), k_y, k_x, c)`
      : `read_1(min(c * 4 + ${k}, ${last}), k_y, k_x, i)`;
  const lanes = [0, 1, 2, 3];
  const sum = transposed
    ? lanes.map(k => `value[${k}] * ${weight(k)}`).join(' + ')
    : `${float4}(${lanes.map(k => `dot(value, ${weight(k)})`).join(', ')})`;
  return loop(
    language,
    'i',
    `(sizes[2].y + 3) / ${LANES}`,
    `      ${constant(float4)} value = read_0(n, from_y, from_x, i);
      made += ${sum};`,
  );
}

/** Adds the products of each output channel with the input channels of its group. */
function groupProducts(language: ShaderLanguage, { transposed, group }: ComputedConvolution): string {
  const { constant } = language;
  const weight = transposed
    ? 'read_1(own, k_y, k_x, channel % outputs / 4)[channel % outputs % 4]'
    : 'read_1(channel, k_y, k_x, i / 4)[i % 4]';
  return loop(
    language,
    'lane',
    `min(4, sizes[0].y - c * 4)`,
    `      ${constant('int')} channel = c * 4 + lane;
      ${constant('int')} inputs = sizes[2].y / ${group};
      ${constant('int')} outputs = sizes[0].y / ${group};
      ${loop(
        language,
        'i',
        'inputs',
        `        ${constant('int')} own = channel / outputs * inputs + i;
        made[lane] += ${weight} * read_0(n, from_y, from_x, own / 4)[own % 4];`,
      )}`,
  );
}

/** The body of `make`. */
export function computedConvCode(language: ShaderLanguage, operation: ComputedConvolution): string {
  const { float4, variable } = language;
  const products = operation.group === 1 ? blockProducts : groupProducts;
  const columns = `    ${source(language, operation, 1)}
    ${products(language, operation)}`;
  const rows = `    ${source(language, operation, 0)}
    ${loop(language, 'k_x', 'sizes[4].w', columns)}`;
  return `  ${variable(float4)} made = ${float4}(0.0);
  ${loop(language, 'k_y', 'sizes[4].z', rows)}
  return made;`;
}

/** The body of `make`, of the element (n, y, x, c) of the parts: the tap (y, x) of output channel n, and a block of input
 * channels. */
export function convWeightGradientCode(language: ShaderLanguage, operation: ConvWeightGradient): string {
  const { float4, constant, variable } = language;
  const { group, parts } = operation;
  const value =
    group === 1
      ? 'read_0(image, from_y, from_x, c)'
      : `${float4}(${[0, 1, 2, 3].map(lane => `read_0(image, from_y, from_x, (first + ${lane}) / 4)[(first + ${lane}) % 4]`).join(', ')})`;
  const pixels = `    ${readsAt(language, operation, 'column', 1)}
    if (from_x >= 0 && from_x < sizes[2].w) {
      made += ${value} * read_1(image, row, column, channel / 4)[channel % 4];
    }`;
  return `  ${variable(float4)} made = ${float4}(0.0);
  ${constant('int')} k_y = y;
  ${constant('int')} k_x = x;
  ${constant('int')} channel = n % sizes[4].y;
  ${constant('int')} first = channel / (sizes[4].y / ${group}) * sizes[0].y + c * 4;
  for (${variable('int')} line = n / sizes[4].y; line < sizes[4].x * sizes[4].z; line += ${parts}) {
    ${constant('int')} image = line / sizes[4].z;
    ${constant('int')} row = line % sizes[4].z;
    ${readsAt(language, operation, 'row', 0)}
    if (from_y < 0 || from_y >= sizes[2].z) { continue; }
    ${loop(language, 'column', 'sizes[4].w', pixels)}
  }
  return made;`;
}
