// Code of uniform random numbers by Philox (graph/ir/philox.ts).

import type { UniformNoise } from '../graph/ir/operation.ts';
import { FACTORS, ROUNDS, WEYL } from '../graph/ir/philox.ts';
import type { ShaderLanguage } from './expression-code.ts';

const hex = (value: number): string => `0x${value.toString(16)}u`;

/** Declares `high` and `low`, of a product of unsigned numbers. */
function productCode(constant: (type: string) => string, factor: number, x: string, name: string): string {
  const uint = constant('uint');
  const [low, high] = [hex(factor & 0xffff), hex(factor >>> 16)];
  return `    ${uint} middle_${name} = ${high} * (${x} & 0xffffu) + ((${low} * (${x} & 0xffffu)) >> 16u);
    ${uint} other_${name} = ${low} * (${x} >> 16u) + (middle_${name} & 0xffffu);
    ${uint} high_${name} = ${high} * (${x} >> 16u) + (middle_${name} >> 16u) + (other_${name} >> 16u);
    ${uint} low_${name} = ${hex(factor)} * ${x};`;
}

/** The body of `make`: the four channels of a block are the four words of one counter. */
export function uniformNoiseCode(language: ShaderLanguage, { stream, seed, step }: UniformNoise): string {
  const { float4, constant, variable } = language;
  const uint = variable('uint');
  const live = (index: number) => `live[${index >> 2}].${'xyzw'[index & 3]}`;
  const word = (name: string) => `float_of(${name} >> 8u)`;
  return `  ${constant('int')} place = ((n * ((sizes[0].y + 3) / 4) + c) * sizes[0].z + y) * sizes[0].w + x;
  ${uint} w0 = uint_of(place);
  ${uint} w1 = uint_of(${live(step)});
  ${uint} w2 = ${stream}u;
  ${uint} w3 = 0u;
  ${uint} k0 = uint_of(${live(seed)});
  ${uint} k1 = 0u;
  for (${variable('int')} turn = 0; turn < ${ROUNDS}; turn++) {
${productCode(constant, FACTORS[0], 'w0', 'a')}
${productCode(constant, FACTORS[1], 'w2', 'b')}
    w0 = high_b ^ w1 ^ k0;
    w1 = low_b;
    w2 = high_a ^ w3 ^ k1;
    w3 = low_a;
    k0 += ${hex(WEYL[0])};
    k1 += ${hex(WEYL[1])};
  }
  return ${float4}(${['w0', 'w1', 'w2', 'w3'].map(word).join(', ')}) * ${2 ** -24};`
    .replaceAll('float_of', float4 === 'vec4' ? 'float' : 'f32')
    .replaceAll('uint_of', float4 === 'vec4' ? 'uint' : 'u32');
}
