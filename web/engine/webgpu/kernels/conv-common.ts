// What all convolution kernels declare: geometry, weights, and which columns of the input each product reads.

import { packWeights } from '../../codegen/pack-weights.ts';
import type { ConvAxis, Convolution } from '../../graph/ir/operation.ts';
import type { ShaderBuilder } from './shader.ts';
import { FULL_SCALE, WEIGHT_VECTOR } from './weight-unpacking.ts';

export function axisCode(letter: 'x' | 'y', axis: ConvAxis): string {
  const cases = axis.phases.map(
    ({ first, count, start }, i) => `    case ${i} { return vec3i(${first}, ${count}, ${start}); }`,
  );
  return `fn phase_${letter}(phase: i32) -> vec3i {
  switch phase {
${cases.join('\n')}
    default { return vec3i(0); }
  }
}`;
}

const pair = (name: string, y: number, x: number): string => `const ${name} = vec2i(${y}, ${x});`;

export function declareGeometry(
  shader: ShaderBuilder,
  { weights, x, y, padding, prologue }: Convolution,
): void {
  const [, , kh, kw] = weights.dims;
  shader.add(`const TAPS = ${kh * kw};`);
  shader.add(pair('KERNEL', kh, kw));
  shader.add(pair('OUTPUT_STRIDE', y.outputStride, x.outputStride));
  shader.add(pair('INPUT_STRIDE', y.inputStride, x.inputStride));
  shader.add(pair('INPUT_STEP', y.inputStep, x.inputStep));
  shader.add(pair('KERNEL_STEP', y.kernelStep, x.kernelStep));
  shader.add(`const EDGE = ${padding === 'edge'};`);
  shader.add(axisCode('y', y));
  if (prologue) shader.valueFunction('prepare', prologue);
}

/** The sum of products, scaled and shifted per channel, as the epilogue takes it. A weight of 1 is read as 1 / unit. */
export function scaleShiftCode(
  shader: ShaderBuilder,
  { weights, bias }: Convolution,
  unit: number = FULL_SCALE[weights.type],
): string {
  const scaled = weights.scale
    ? `raw * ${shader.channel(
        weights.scale.map(s => s * unit),
        1,
      )}`
    : 'raw';
  return bias ? `${scaled} + ${shader.channel(bias)}` : scaled;
}

/** Declares the weights' array, the code that reads it, and `zero_point`. */
export function declareWeights(shader: ShaderBuilder, { weights, name }: Convolution, code: string): void {
  const data = packWeights(weights, name);
  shader.bind({ kind: 'data', data }, `var<storage, read> weights: array<${WEIGHT_VECTOR[weights.type]}>`);
  shader.add(code);
  const zero = weights.zero
    ? shader.channel(weights.zero.map(z => z / FULL_SCALE[weights.type]))
    : 'vec4f(0)';
  shader.add(`fn zero_point(c: i32) -> vec4f {\n  return ${zero};\n}`);
}

/** Rows and columns of outputs, counted once for all phases of a transposed convolution. */
export const outputBases = ({ output, x, y }: Convolution): readonly [number, number] => [
  Math.ceil(output.shape[2] / y.outputStride),
  Math.ceil(output.shape[3] / x.outputStride),
];

/** The columns of the input that a tile reads, from its first base on, and the columns that each product reads. */
export interface ColumnReads {
  readonly columns: readonly number[];
  readonly taps: readonly {
    readonly phase: number;
    readonly kernel: number;
    readonly at: readonly number[];
  }[];
}

export function columnReads(
  { phases, inputStride, inputStep, kernelStep }: ConvAxis,
  wide: number,
): ColumnReads {
  const taps = phases.flatMap(({ first, count, start }, phase) =>
    Array.from({ length: count }, (_, i) => ({
      phase,
      kernel: first + i * kernelStep,
      offsets: Array.from({ length: wide }, (_, p) => p * inputStride + start + i * inputStep),
    })),
  );
  const columns = [...new Set(taps.flatMap(({ offsets }) => offsets))].sort((a, b) => a - b);
  return {
    columns,
    taps: taps.map(({ phase, kernel, offsets }) => ({
      phase,
      kernel,
      at: offsets.map(offset => columns.indexOf(offset)),
    })),
  };
}
