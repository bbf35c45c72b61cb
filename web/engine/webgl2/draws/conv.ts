// Convolutions as draws, unrolled for the layer. Grouped convolutions and those of odd strides are not; extended.ts
// has them.

import { packWeights } from '../../codegen/pack-weights.ts';
import { EngineError } from '../../error.ts';
import type { ConvAxis, Convolution, Weights } from '../../graph/ir/operation.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import conv from './conv.glsl?raw';
import type { Draw, Table } from './draw.ts';
import { maskLow, type ShaderBuilder, shiftRight } from './shader.ts';
import type { GpuLimits, TextureLayout } from './texture-layout.ts';

/** Products of a value and a block of weights that are unrolled, at most. */
const MAX_PRODUCTS = 256;

/** How stored weights become a matrix, and what the scale must undo. GPUs mask fast and shift slowly. So bytes stay
 * at their place in the word, as 1, 256, 65536 and 2^24 times their value. The top bit is stored flipped, so that a
 * whole word counts as signed. */
interface WeightFormat {
  readonly numbers: Table['numbers'];
  /** Texels per block of 4 x 4 weights. */
  readonly texels: number;
  readonly code: string;
  /** `m` is the matrix, `v` the values. */
  readonly product: 'm * v' | 'v * m';
  /** By output lane: the stored value is `times` the weight, plus `plus`. */
  readonly times: readonly [number, number, number, number];
  readonly plus: readonly [number, number, number, number];
  /** Whether the top bit of each word is stored flipped. */
  readonly hasFlippedSign: boolean;
}

const ONES = [1, 1, 1, 1] as const;
const ZEROS = [0, 0, 0, 0] as const;
const WEIGHT_FORMATS: Readonly<Record<Weights['type'], WeightFormat>> = {
  float32: {
    numbers: 'float',
    texels: 4,
    code: `
mat4 matrix(int k, int row, vec4 zero) {
  return mat4(
    texelFetch(weights, ivec2(4 * k, row), 0),
    texelFetch(weights, ivec2(4 * k + 1, row), 0),
    texelFetch(weights, ivec2(4 * k + 2, row), 0),
    texelFetch(weights, ivec2(4 * k + 3, row), 0)
  );
}`,
    product: 'm * v',
    times: ONES,
    plus: ZEROS,
    hasFlippedSign: false,
  },
  float16: {
    numbers: 'uint',
    texels: 2,
    code: `
mat4 matrix(int k, int row, vec4 zero) {
  uvec4 a = texelFetch(weights, ivec2(2 * k, row), 0);
  uvec4 b = texelFetch(weights, ivec2(2 * k + 1, row), 0);
  return mat4(
    vec4(unpackHalf2x16(a.x), unpackHalf2x16(a.y)),
    vec4(unpackHalf2x16(a.z), unpackHalf2x16(a.w)),
    vec4(unpackHalf2x16(b.x), unpackHalf2x16(b.y)),
    vec4(unpackHalf2x16(b.z), unpackHalf2x16(b.w))
  );
}`,
    product: 'm * v',
    times: ONES,
    plus: ZEROS,
    hasFlippedSign: false,
  },
  uint16: {
    numbers: 'int',
    texels: 2,
    code: `
mat4 matrix(int k, int row, vec4 zero) {
  ivec4 a = texelFetch(weights, ivec2(2 * k, row), 0);
  ivec4 b = texelFetch(weights, ivec2(2 * k + 1, row), 0);
  vec4 low_a = vec4(a & 0xffff), high_a = vec4(a & int(0xffff0000u));
  vec4 low_b = vec4(b & 0xffff), high_b = vec4(b & int(0xffff0000u));
  return mat4(
    vec4(low_a.x, high_a.x, low_a.y, high_a.y) - zero,
    vec4(low_a.z, high_a.z, low_a.w, high_a.w) - zero,
    vec4(low_b.x, high_b.x, low_b.y, high_b.y) - zero,
    vec4(low_b.z, high_b.z, low_b.w, high_b.w) - zero
  );
}`,
    product: 'm * v',
    times: [1, 2 ** 16, 1, 2 ** 16],
    plus: [0, -(2 ** 15), 0, -(2 ** 15)],
    hasFlippedSign: true,
  },
  uint8: {
    numbers: 'int',
    texels: 1,
    code: `
mat4 matrix(int k, int row, vec4 zero) {
  ivec4 q = texelFetch(weights, ivec2(k, row), 0);
  return mat4(
    vec4(q & 0xff) - zero.x,
    vec4(q & 0xff00) - zero.y,
    vec4(q & 0xff0000) - zero.z,
    vec4(q & int(0xff000000u)) - zero.w
  );
}`,
    product: 'v * m',
    times: [1, 2 ** 8, 2 ** 16, 2 ** 24],
    plus: [0, 0, 0, -128],
    hasFlippedSign: true,
  },
};

export const pair = (name: string, y: number, x: number): string =>
  `const ivec2 ${name} = ivec2(${y}, ${x});`;

/** `ivec3 phase_y(int)`: the kernel's first row, its number of rows, and the input's first row. */
export function axisCode(letter: 'x' | 'y', { phases }: ConvAxis): string {
  const vector = phases.map(({ first, count, start }) => `ivec3(${first}, ${count}, ${start})`);
  const chosen = vector.reduceRight((rest, one, i) => `phase == ${i} ? ${one} : ${rest}`);
  return `ivec3 phase_${letter}(int phase) { return ${chosen}; }`;
}

/** Declares what both convolution shaders read. */
export function declareGeometry(
  shader: ShaderBuilder,
  { y, x, weights, padding, prologue }: Convolution,
): void {
  const [, , kernelHeight, kernelWidth] = weights.dims;
  shader.add(pair('OUTPUT_STRIDE', y.outputStride, x.outputStride));
  shader.add(pair('INPUT_STRIDE', y.inputStride, x.inputStride));
  shader.add(`const int KERNEL_WIDTH = ${kernelWidth};\nconst int TAPS = ${kernelHeight * kernelWidth};`);
  shader.add(`const bool EDGE = ${padding === 'edge'};`);
  shader.add(axisCode('y', y));
  shader.valueFunction('prepare', prologue ?? { kind: 'value' });
}

/** Null if a fragment's pixels are in no common phase, or the code would grow too long. */
export function compileConvolution(
  shader: ShaderBuilder,
  operation: Convolution,
  limits: GpuLimits,
): Draw | null {
  const { x, y, weights, inputs, output } = operation;
  const taps = shader.layout && operation.group === 1 ? pixelTaps(x, shader.layout) : null;
  if (!taps) return null;
  declareGeometry(shader, operation);
  const input = shader.layouts.get(inputs[0] ?? output);
  shader.add(`const int INPUT_STEP_Y = ${y.inputStep};\nconst int KERNEL_STEP_Y = ${y.kernelStep};`);
  const format = WEIGHT_FORMATS[weights.type];
  shader.table('weights', weightTable(operation, format, limits));
  shader.add(format.code);
  const layout = shader.layout ?? input;
  const macros = [
    macro('OVER_WIDE(x)', [shiftRight('(x)', input.wide)]),
    macro('OVER_DEEP(block)', [shiftRight('(block)', input.deep)]),
    macro('WITHIN_DEEP(block)', [maskLow('(block)', input.deep)]),
    macro('CONSTANTS', constantLines(shader, operation, format, layout)),
    macro(
      'SUMS',
      sumNames(layout).map(sum => `vec4 ${sum} = vec4(0);`),
    ),
    macro('PRODUCTS', productLines(operation, input, layout, taps, format)),
    macro('MADE', outputLines(layout)),
  ];
  return shader.draw(`${macros.join('\n')}\n${conv}`);
}

const macro = (name: string, lines: readonly string[]): string => `#define ${name} ${lines.join(' \\\n  ')}`;
const list = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sumNames = ({ wide, deep }: TextureLayout): string[] => list(wide * deep).map(i => `s${i}`);

/** By kernel column: which pixel of a fragment it multiplies with which input column, relative to the fragment's
 * first pixel. Null if the phases differ between fragments. */
type Taps = ReadonlyMap<number, readonly { readonly pixel: number; readonly column: number }[]>;

function pixelTaps(axis: ConvAxis, { wide, deep }: TextureLayout): Taps | null {
  if (wide % axis.outputStride !== 0) return null;
  const taps = new Map<number, { pixel: number; column: number }[]>();
  let count = 0;
  for (let pixel = 0; pixel < wide; pixel++) {
    const phase = axis.phases[pixel % axis.outputStride];
    const base = Math.floor(pixel / axis.outputStride) * axis.inputStride;
    for (let i = 0; phase && i < phase.count; i++) {
      const kernel = phase.first + i * axis.kernelStep;
      taps.set(kernel, [
        ...(taps.get(kernel) ?? []),
        { pixel, column: base + phase.start + i * axis.inputStep },
      ]);
      count += deep;
    }
  }
  return count <= MAX_PRODUCTS ? taps : null;
}

function weightTable({ weights, name }: Convolution, format: WeightFormat, limits: GpuLimits): Table {
  const packed = packWeights(weights, name);
  const [a, b, kh, kw] = weights.dims;
  const [inputs, outputs] = weights.transposed ? [a, b] : [b, a];
  const width = Math.ceil(inputs / LANES) * format.texels;
  const height = Math.ceil(outputs / LANES) * kh * kw;
  if (Math.max(width, height) > limits.textureSize) {
    throw new EngineError(
      `Node '${name}' has weights of ${width} x ${height} texels; this GPU allows ${limits.textureSize} a side.`,
    );
  }
  const fill = (target: ArrayBuffer) => {
    packed.fill(target);
    if (!format.hasFlippedSign) return;
    const words = new Uint32Array(target);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ (2 ** 31);
  };
  return { ...packed, fill, bytes: width * height * 16, numbers: format.numbers, width, height };
}

/** What the pixels of a fragment share: zero point, scale and bias of each block of outputs. */
function constantLines(
  shader: ShaderBuilder,
  { weights, bias }: Convolution,
  { times, plus }: WeightFormat,
  { deep }: TextureLayout,
): string[] {
  const lane = (values: readonly number[], i: number) => values[i % LANES] ?? 1;
  const zero =
    weights.zero && shader.channel(weights.zero.map((z, i) => (z + lane(plus, i)) * lane(times, i)));
  const scales = weights.scale?.map((scale, i) => scale / lane(times, i));
  const scale = scales && shader.channel(scales, 1);
  const shift = bias && shader.channel(bias);
  const declared = (name: string, value: string) => list(deep).map(d => `vec4 ${name}_${d} = ${value};`);
  const read = list(deep).flatMap(d => [
    ...(zero ? [`zero_${d} = ${zero};`] : []),
    ...(scale ? [`scale_${d} = ${scale};`] : []),
    ...(shift ? [`shift_${d} = ${shift};`] : []),
    'c += 1;',
  ]);
  return [
    ...declared('zero', 'vec4(0)'),
    ...declared('scale', 'vec4(1)'),
    ...declared('shift', 'vec4(0)'),
    'int c = at.c;',
    ...read,
  ];
}

function productLines(
  { x, inputs, output, padding, prologue }: Convolution,
  input: TextureLayout,
  { wide, deep, tileWidth }: TextureLayout,
  taps: Taps,
  { product }: WeightFormat,
): string[] {
  const unit = (wide / x.outputStride) * x.inputStride;
  const width = (inputs[0] ?? output).shape[3];
  const columns = [...new Set([...taps.values()].flat().map(({ column }) => column))].sort((a, b) => a - b);
  const aligned = unit % input.wide === 0;
  const name = (column: number) => `v${columns.indexOf(column)}`;
  const loads = columns.map(column => {
    // Only columns that may lie beyond an edge are compared with it.
    const low = column < 0 ? [`origin + ${column} >= 0`] : [];
    const high = (tileWidth - 1) * unit + column >= width ? [`origin + ${column} < shape.w`] : [];
    const inside = [...low, ...high].join(' && ');
    const clamps = padding === 'edge' && inside;
    const at = clamps ? `clamp(origin + ${column}, 0, shape.w - 1)` : `(origin + ${column})`;
    const texel = Math.floor(column / input.wide);
    const texelAt =
      aligned && !clamps
        ? `origin_texel + ${texel}, 0, ${(column - texel * input.wide) * input.deep}`
        : `${shiftRight(at, input.wide)}, 0, ${maskLow(at, input.wide)} * ${input.deep}`;
    const fetched = `texelFetch(input_0, from + ivec3(${texelAt}), 0)`;
    const value = prologue ? `prepare(${fetched})` : fetched;
    const zeroed = inside && !clamps ? `mix(vec4(0), ${value}, bvec4(${inside}))` : value;
    return `vec4 ${name(column)} = ${zeroed};`;
  });
  const multiplied = [...taps].flatMap(([kernel, uses]) =>
    list(deep).flatMap(d => [
      `m = matrix(k, row + ${kernel} + ${d} * TAPS, zero_${d});`,
      ...uses.map(({ pixel, column }) => `s${pixel * deep + d} += ${product.replace('v', name(column))};`),
    ]),
  );
  return [...loads, 'mat4 m;', ...multiplied];
}

function outputLines({ deep, ...layout }: TextureLayout): string[] {
  return sumNames({ deep, ...layout }).map((sum, i) => {
    const d = i % deep;
    const x = `at.x + ${Math.floor(i / deep)}`;
    return `made[${i}] = finish(${sum} * scale_${d} + shift_${d}, at.n, at.y, ${x}, at.c + ${d});`;
  });
}
