// What all convolution kernels declare: geometry, weights, and which columns of the input each product reads.

import { channelsOf, type Element, packHalves, packWeights } from '../../codegen/pack-weights.ts';
import { VALUE } from '../../graph/ir/expression.ts';
import type { ConvAxis, Convolution } from '../../graph/ir/operation.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import convFetch from './conv-fetch.wgsl?raw';
import type { ShaderBuilder } from './shader.ts';
import { FULL_SCALE, WEIGHT_VECTOR } from './weight-unpacking.ts';

/** The first tap of a phase, the number of taps, and where the input begins. */
export function phaseCode(name: string, axis: ConvAxis): string {
  const cases = axis.phases.map(
    ({ first, count, start }, i) => `    case ${i} { return vec3i(${first}, ${count}, ${start}); }`,
  );
  return `fn ${name}(phase: i32) -> vec3i {
  switch phase {
${cases.join('\n')}
    default { return vec3i(0); }
  }
}`;
}

/** Binds the strides and steps of two axes and `more`, then their phases, to `GEOMETRY`: not as text, so that
 * layers share pipelines. */
export function bindGeometry(
  shader: ShaderBuilder,
  [a, b]: readonly [ConvAxis, ConvAxis],
  [first, second]: readonly [ConvAxis['phases'], ConvAxis['phases']],
  more: readonly (readonly [number, number, number, number])[],
): void {
  const at = shader.size(a.inputStride, b.inputStride, a.outputStride, b.outputStride);
  shader.size(a.inputStep, b.inputStep, a.kernelStep, b.kernelStep);
  for (const four of more) shader.size(...four);
  for (const { first: tap, count, start } of [...first, ...second]) {
    shader.size(tap, count, start, floatBits(1 / count));
  }
  shader.add(`const GEOMETRY = ${at};`);
}

/** The bits of a float, as an integer. */
export const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;

/** Declares what `conv-fetch.wgsl` has. `hasMoreTerms`: whether the kernel reads zeros for terms that no sum has. */
export function declareFetch(
  shader: ShaderBuilder,
  { padding, prologue }: Convolution,
  hasMoreTerms = false,
): void {
  const isEdge = padding === 'edge';
  shader.valueFunction('prepare', prologue ?? VALUE);
  shader.add(`const EDGE = ${isEdge};
const IS_SAFE = ${!prologue || (isEdge && !hasMoreTerms)};
${convFetch}`);
}

const pair = (name: string, y: number, x: number): string => `const ${name} = vec2i(${y}, ${x});`;

export function declareGeometry(shader: ShaderBuilder, { weights, x, y }: Convolution): void {
  const [, , kh, kw] = weights.dims;
  shader.add(`const TAPS = ${kh * kw};`);
  shader.add(pair('KERNEL', kh, kw));
  shader.add(pair('OUTPUT_STRIDE', y.outputStride, x.outputStride));
  shader.add(pair('INPUT_STRIDE', y.inputStride, x.inputStride));
  shader.add(pair('INPUT_STEP', y.inputStep, x.inputStep));
  shader.add(pair('KERNEL_STEP', y.kernelStep, x.kernelStep));
  shader.add(phaseCode('phase_y', y));
}

/** The sum of products, scaled and shifted per channel, as the epilogue takes it. A weight of 1 is read as 1 / unit. */
export function scaleShiftCode(shader: ShaderBuilder, { weights, bias }: Convolution, unit: number): string {
  const scaled = weights.scale
    ? `raw * ${shader.channel(
        weights.scale.map(s => s * unit),
        1,
      )}`
    : 'raw';
  return bias ? `${scaled} + ${shader.channel(bias)}` : scaled;
}

/** Weights of a convolution up to which those of 8 bits become halves; and outputs from which on that pays: each weight
 * is read once for all of them, and halves are twice the bytes. */
const MAX_HALVES = 10e6;
const MIN_OUTPUTS = 5;

/** The type in which the GPU holds the weights: that of the file, or halves, which real GPUs read with fewer
 * instructions. */
function heldType({ context }: ShaderBuilder, operation: Convolution): Element {
  const { type, dims } = operation.weights;
  const [height, width] = outputBases(operation);
  const isMany = dims.reduce((all, dim) => all * dim, 1) > MAX_HALVES;
  const isHalves = context.config.hasHalves && !isMany && height * width >= MIN_OUTPUTS;
  return type === 'uint8' && isHalves ? 'float16' : type;
}

/** Declares the weights' array, `zero_point`, and the code that reads weights of the type in which they are
 * held. Returns what a weight of 1 is stored as. */
export function declareWeights(
  shader: ShaderBuilder,
  operation: Convolution,
  code: (type: Element) => string,
  held: Element = heldType(shader, operation),
): number {
  const { weights, name } = operation;
  shader.add(code(held));
  if (held !== weights.type) {
    shader.bind(
      { kind: 'data', data: packHalves(weights, name) },
      `var<storage, read> weights: array<${WEIGHT_VECTOR[held]}>`,
    );
    shader.add('fn zero_point(c: i32) -> vec4f {\n  return vec4f(0);\n}');
    return 1;
  }
  const data = packWeights(weights, name);
  shader.bind({ kind: 'data', data }, `var<storage, read> weights: array<${WEIGHT_VECTOR[held]}>`);
  const zero = weights.zero
    ? shader.channel(weights.zero.map(z => z / FULL_SCALE[weights.type]))
    : 'vec4f(0)';
  shader.add(`fn zero_point(c: i32) -> vec4f {\n  return ${zero};\n}`);
  return FULL_SCALE[held];
}

/** Blocks of input channels. */
export const blocksOf = ({ weights }: Convolution): number =>
  Math.ceil(channelsOf(weights, 1).inputs / LANES);

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
