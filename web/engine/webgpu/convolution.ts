// Convolutions, transposed ones too: which kernel makes one, of what shape, and the products of a thread
// written out.

import { type Axis, blocks, type Convolution } from '../graph/operation.ts';
import { type Kernel, kernelOf, linear } from './kernel.ts';
import type { Shader } from './shader.ts';
import strip from './strip.wgsl?raw';
import type { Class, Shape, Style } from './style.ts';
import { blockCode, FULL, packWeights } from './weights.ts';

/** Wider kernels are looped over (`loops.ts`): written out they would be too long a program. */
const WIDEST_KERNEL = 16;

export function axisCode(letter: 'x' | 'y', axis: Axis): string {
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

export function declareGeometry(shader: Shader, { weights, x, y, prologue }: Convolution): void {
  const [, , kh, kw] = weights.dims;
  shader.add(`const TAPS = ${kh * kw};`);
  shader.add(pair('KERNEL', kh, kw));
  shader.add(pair('OUTPUT_STRIDE', y.outputStride, x.outputStride));
  shader.add(pair('INPUT_STRIDE', y.inputStride, x.inputStride));
  shader.add(pair('INPUT_STEP', y.inputStep, x.inputStep));
  shader.add(pair('KERNEL_STEP', y.kernelStep, x.kernelStep));
  shader.add(axisCode('y', y));
  if (prologue) shader.valueFunction('prepare', prologue);
}

/** The sum of products as the epilogue takes it: scaled and shifted per channel. */
export function scaledCode(shader: Shader, { weights, bias, group }: Convolution): string {
  const unit = group > 1 ? 1 : FULL[weights.type];
  const scaled = weights.scale
    ? `raw * ${shader.channel(
        weights.scale.map(s => s * unit),
        1,
      )}`
    : 'raw';
  return bias ? `${scaled} + ${shader.channel(bias)}` : scaled;
}

/** `block`, `zero_point` and the array that they read. */
export function declareWeights(shader: Shader, { weights, name }: Convolution): void {
  const { element, code } = blockCode(weights.type);
  const data = packWeights(weights, name);
  shader.bind({ kind: 'data', data }, `var<storage, read> weights: array<${element}>`);
  shader.add(code);
  const zero = weights.zero ? shader.channel(weights.zero.map(z => z / FULL[weights.type])) : 'vec4f(0)';
  shader.add(`fn zero_point(c: i32) -> vec4f {\n  return ${zero};\n}`);
}

/** Rows and columns of outputs, counted once for all phases of a transposed convolution. */
export const basesOf = ({ output, x, y }: Convolution): readonly [number, number] => [
  Math.ceil(output.shape[2] / y.outputStride),
  Math.ceil(output.shape[3] / x.outputStride),
];

export const isStrip = ({ group, weights }: Convolution): boolean =>
  group === 1 && weights.dims[3] <= WIDEST_KERNEL;

export function compileConvolution(shader: Shader, operation: Convolution): Kernel {
  const [n] = operation.output.shape;
  const out = blocks(operation.output);
  const bases = basesOf(operation);
  const { style } = shader;
  const shape = fitted(style.shapes[classOf(style, operation)], style, operation);
  const across = Math.ceil(bases[1] / shape.wide);
  shader.readInputs();
  declareGeometry(shader, operation);
  const value = scaledCode(shader, operation);
  declareWeights(shader, operation);
  shader.add(`const THREADS = ${style.threads};`);
  shader.add(`const BASES = ${shader.size(bases[0], bases[1], across)};`);
  shader.add(stripCode(operation, shape));
  shader.finish(value);
  const strips = n * bases[0] * across * Math.ceil(out / shape.deep);
  const [x, y] = linear(strips * shape.share, style.threads);
  return kernelOf(shader, strip, [x, y, operation.y.outputStride]);
}

/** Sums that a thread keeps, and those that a workgroup's memory holds for each where threads share. */
const MOST_SUMS = 32;
const MOST_SHARED = 16;

export function classOf({ few, shapes }: Style, { output, x, y }: Convolution): Class {
  const [n, , height, width] = output.shape;
  const columns = Math.ceil(width / x.outputStride);
  if (columns === 1 || x.outputStride > 2) return 'single';
  const { wide, deep } = shapes.fine;
  const strips = n * Math.ceil(height / y.outputStride) * Math.ceil(columns / wide);
  const threads = strips * Math.ceil(blocks(output) / deep) * y.outputStride;
  return columns < 8 || threads < few ? 'coarse' : 'fine';
}

/** The shape as far as the convolution has outputs and a GPU has room for it. */
function fitted(shape: Shape, { threads }: Style, { output, x }: Convolution): Shape {
  const deep = blocks(output) % shape.deep === 0 ? shape.deep : 1;
  let { wide } = shape;
  while (wide > 1 && wide * deep * x.outputStride > MOST_SUMS) wide /= 2;
  const sums = wide * deep * x.outputStride;
  return { wide, deep, share: sums > MOST_SHARED ? 1 : Math.min(shape.share, threads) };
}

/** The columns of the input that a strip reads, from its first base on, and which product reads which. */
export interface Reads {
  readonly columns: readonly number[];
  readonly taps: readonly {
    readonly phase: number;
    readonly kernel: number;
    readonly at: readonly number[];
  }[];
}

export function readsOf({ phases, inputStride, inputStep, kernelStep }: Axis, wide: number): Reads {
  const taps = phases.flatMap(({ first, count, start }, phase) =>
    Array.from({ length: count }, (_, i) => ({
      phase,
      kernel: first + i * kernelStep,
      places: Array.from({ length: wide }, (_, p) => p * inputStride + start + i * inputStep),
    })),
  );
  const columns = [...new Set(taps.flatMap(({ places }) => places))].sort((a, b) => a - b);
  return {
    columns,
    taps: taps.map(({ phase, kernel, places }) => ({
      phase,
      kernel,
      at: places.map(place => columns.indexOf(place)),
    })),
  };
}

function stripCode({ x, prologue }: Convolution, { wide, deep, share }: Shape): string {
  const { columns, taps } = readsOf(x, wide);
  const sums = wide * deep * x.outputStride;
  const all = Array.from({ length: sums }, (_, i) => i);
  const lines = columns.map((_, i) => `  let v${i} = fetch(at, columns[${i}]);`);
  for (const { phase, kernel, at } of taps) {
    for (let block = 0; block < deep; block++) {
      const name = `w${phase}_${kernel}_${block}`;
      lines.push(
        `  let ${name} = block(weight + (${block} * TAPS + ${kernel}) * blocks_in, zero[${block}]);`,
      );
      at.forEach((column, p) => {
        lines.push(`  (*sum)[${(phase * wide + p) * deep + block}] += ${name} * v${column};`);
      });
    }
  }
  const zeros = Array.from({ length: deep }, (_, block) => `zero_point(c + ${block})`);
  const places = columns.map(offset => `column_at(left + ${offset})`);
  return `const WIDE = ${wide};
const DEEP = ${deep};
const SHARE = ${share};
const SUMS = ${sums};
fn zeros_at(c: i32) -> array<vec4f, DEEP> {
  return array<vec4f, DEEP>(${zeros.join(', ')});
}
fn column_at(x: i32) -> i32 {
  return select(-1, x * sizes[3].x, x >= 0 && x < sizes[2].w);
}
fn columns_at(base: i32) -> array<i32, ${columns.length}> {
  let left = base * INPUT_STRIDE.y;
  return array<i32, ${columns.length}>(${places.join(', ')});
}
fn fetch(at: i32, column: i32) -> vec4f {
  let value = block_0(at + max(column, 0));
  return select(vec4f(0), ${prologue ? 'prepare(value)' : 'value'}, column >= 0);
}
fn multiply(sum: ptr<function, array<vec4f, SUMS>>, columns: array<i32, ${columns.length}>, zero: array<vec4f, DEEP>, at: i32, weight: i32, blocks_in: i32) {
${lines.join('\n')}
}
${share === 1 ? OWN : shared(all)}`;
}

const OWN = `var<private> made: array<vec4f, SUMS>;
fn share_out(sum: ptr<function, array<vec4f, SUMS>>, index: u32) {
  made = *sum;
}
fn result(i: i32, index: u32) -> vec4f {
  return made[i];
}`;

const shared = (all: readonly number[]): string => `var<workgroup> parts: array<vec4f, SUMS * THREADS>;
fn share_out(sum: ptr<function, array<vec4f, SUMS>>, index: u32) {
${all.map(i => `  parts[${i} * THREADS + index] = (*sum)[${i}];`).join('\n')}
  workgroupBarrier();
}
fn result(i: i32, index: u32) -> vec4f {
  let first = i * THREADS + i32(index) / SHARE * SHARE;
  var total = vec4f(0);
  for (var t = 0; t < SHARE; t++) {
    total += parts[first + t];
  }
  return total;
}`;
