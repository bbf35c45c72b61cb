// Convolutions as matrix products through workgroup memory: the tile, and the unrolled products of a thread.

import { packHalves } from '../../codegen/pack-weights.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks, type Tensor } from '../../graph/ir/tensor.ts';
import type { Precision } from '../../painter.ts';
import type { GemmShape } from './config.ts';
import { declareWeights, outputBases, scaleShiftCode } from './conv-common.ts';
import convGemm from './conv-gemm.wgsl?raw';
import { blocksOf, fitGemm, type GemmTile } from './conv-gemm-tile.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { anyColumnCode } from './weight-unpacking.ts';

/** The bits of a float, as an integer. */
const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export function compileGemmConv(shader: ShaderBuilder, operation: Convolution, given: GemmShape): Kernel {
  const { output, weights, padding, prologue, y, x } = operation;
  const tile = fitGemm(given, shader.context.config.minThreads, operation);
  const [height, width] = outputBases(operation);
  const down = Math.ceil(height / tile.rows);
  const across = Math.ceil(width / tile.columns);
  shader.readInputs();
  // Bound, not text, so that layers share pipelines.
  const geometry = shader.size(y.outputStride, x.outputStride, y.inputStride, x.inputStride);
  shader.size(y.inputStep, x.inputStep, y.kernelStep, x.kernelStep);
  const [, , kh, kw] = weights.dims;
  const blocksIn = blocksOf(operation);
  shader.size(kw, floatBits(1 / blocksIn), down, across);
  const phases = [...y.phases, ...x.phases];
  for (const { first, count, start } of phases) shader.size(first, count, start, floatBits(1 / count));
  // Plain convolutions and those of stride 2 that double have arrays of one length.
  for (let more = phases.length; more < 4; more++) shader.size(0);
  // Blocks of weights for a block of outputs; and of inputs from pixel to pixel, and from row to row.
  const pitch = shader.context.plan.slices.get(operation.inputs[0] as Tensor)?.stride ?? blocksIn;
  const inputWidth = operation.inputs[0]?.shape[3] ?? 1;
  shader.add(`const PITCH = ${shader.size(kh * kw * blocksIn, pitch, pitch * inputWidth)};`);
  shader.add(`const GEOMETRY = ${geometry};`);
  shader.add(`const EDGE = ${padding === 'edge'};`);
  if (prologue) shader.valueFunction('prepare', prologue);
  const hasHalves = holdsHalves(shader, operation);
  declareColumns(shader, operation, hasHalves);
  shader.finish(() => scaleShiftCode(shader, operation, hasHalves ? 1 : undefined));
  shader.add(tileCode(operation, tile, shader.context.config.precision));
  const tiles = output.shape[0] * down * across * Math.ceil(channelBlocks(output) / tile.blocks);
  const [groups, more] = linearWorkgroups(tiles, 1);
  return shader.kernel(convGemm, [groups, more, y.outputStride * x.outputStride]);
}

/** Weights of a network up to which those of 8 bits become halves: twice the bytes. */
const MAX_HALVES = 4e6;

const holdsHalves = ({ context }: ShaderBuilder, { weights }: Convolution): boolean =>
  weights.type === 'uint8' &&
  context.plan.operations.reduce(
    (sum, one) =>
      sum + (one.kind === 'convolution' ? one.weights.dims.reduce((all, dim) => all * dim, 1) : 0),
    0,
  ) <= MAX_HALVES;

/** Declares the weights and `column_of`, which reads those of an input channel. */
function declareColumns(shader: ShaderBuilder, operation: Convolution, hasHalves: boolean): void {
  if (!hasHalves) {
    declareWeights(shader, operation, anyColumnCode(operation.weights.type));
    return;
  }
  const data = packHalves(operation.weights, operation.name);
  shader.bind({ kind: 'data', data }, 'var<storage, read> weights: array<vec4u>');
  shader.add(anyColumnCode('float16'));
  shader.add('fn zero_point(c: i32) -> vec4f {\n  return vec4f(0);\n}');
}

function tileCode({ prologue }: Convolution, tile: GemmTile, precision: Precision): string {
  const { columns, rows, blocks, quads, terms, split } = tile;
  const quadsOfTile = (columns * rows) / 4;
  const across = quadsOfTile / quads;
  const local = across * blocks;
  const sums = 4 * quads;
  const lines = (all: readonly string[]) => all.map(line => `  ${line}`).join('\n');
  const products = upTo(4 * terms).flatMap(i => [
    ...upTo(quads).map(q => `let v${i}_${q} = inputs[quad + ${q} * ACROSS][${i}];`),
    `let w${i} = weights_in[block][${i}];`,
    ...upTo(quads).flatMap(q => upTo(4).map(p => `(*sum)[${4 * q + p}] += w${i} * v${i}_${q}.${'xyzw'[p]};`)),
  ]);
  const pair =
    precision === 'float16'
      ? 'unpack2x16float(input_0[at][half])'
      : 'vec2f(input_0[at][2 * half], input_0[at][2 * half + 1])';
  // Unrolled, since loops of unknown length cost compilers and GPUs more than their work.
  const tasks = (count: number, lines: (task: string, i: number) => string) =>
    upTo(Math.ceil(count / local)).map(i => {
      const task = i > 0 ? `local + ${i * local}` : 'local';
      return (i + 1) * local > count
        ? `if (${task} < ${count}) {\n${lines(task, i)}\n}`
        : `{\n${lines(task, i)}\n}`;
    });
  const stores = upTo(quads).map(q => {
    const four = upTo(4).map(p => `(*sum)[${4 * q + p}]`);
    return `put_quad(${four.join(', ')}, n, (origin + quad_at(quad + ${q} * ACROSS)) * stride + phase, stride, c);`;
  });
  return `const COLUMNS = ${columns};
const ROWS = ${rows};
const QUADS = ${quadsOfTile};
const BLOCKS = ${blocks};
const TERMS = ${terms};
const SPLIT = ${split};
const LOCAL = ${local};
const THREADS = ${local * split};
const ACROSS = ${across};
const SUMS = ${sums};
fn keep_weights(first: i32, local: u32, lane: i32, c: i32, at: i32, exists: bool) {
${tasks(
  4 * blocks * terms,
  (task, i) => `  let channel = i32((${task}) / ${2 * terms} % 2 * 2 + (${task}) % 2);
  let block = i32((${task}) / ${4 * terms});
  let made = column_of(${split > 1 ? 'at + block * sizes[PITCH].x' : `at + ${i * (local / 4 / terms)} * sizes[PITCH].x`}, channel, zero_point(c + block));
  weights_in[first + block][4 * lane + channel] = select(vec4f(0), made, exists);`,
).join('\n')}
}
fn bring(at: i32, half: i32, inside: bool) -> vec2f {
  return select(vec2f(0), ${prologue ? `prepare(vec4f(${pair}, 0, 0)).xy` : pair}, inside);
}
// Two channels at a time: four would take too many registers.
fn keep_inputs(first: i32, local: u32, lane: i32, n: i32, corner: vec2i, stride: vec2i, k: i32) {
  let half = i32(local % 2);
  let last = sizes[2].zw - 1;
  let image = n * sizes[2].z;
  let block = sizes[3].y + k;
${tasks(
  2 * quadsOfTile * terms,
  (task, i) => `  let quad = i32((${task}) / ${2 * terms});
  let at = corner + ${quadOffset(i, local / 2 / terms, columns / 2)} * stride;
  let next = at + stride;
  let a = clamp(at, vec2i(0), last);
  let b = clamp(next, vec2i(0), last);
  let fits_a = (a == at) | vec2<bool>(EDGE);
  let fits_b = (b == next) | vec2<bool>(EDGE);
  let top = (image + a.x) * sizes[PITCH].z + block;
  let below = (image + b.x) * sizes[PITCH].z + block;
  let left = a.y * sizes[PITCH].y;
  let right = b.y * sizes[PITCH].y;
  let v0 = bring(top + left, half, fits_a.x && fits_a.y);
  let v1 = bring(top + right, half, fits_a.x && fits_b.y);
  let v2 = bring(below + left, half, fits_b.x && fits_a.y);
  let v3 = bring(below + right, half, fits_b.x && fits_b.y);
  inputs[first + quad][4 * lane + 2 * half] = vec4f(v0.x, v1.x, v2.x, v3.x);
  inputs[first + quad][4 * lane + 2 * half + 1] = vec4f(v0.y, v1.y, v2.y, v3.y);`,
).join('\n')}
}
fn multiply(sum: ptr<function, array<vec4f, SUMS>>, quad: i32, block: i32) {
${lines(products)}
}
fn put_at(value: vec4f, n: i32, at: vec2i, c: i32) {
  if (all(at < sizes[0].zw)) {
    put(value, n, at.x, at.y, c);
  }
}
fn put_quad(a: vec4f, b: vec4f, c: vec4f, d: vec4f, n: i32, at: vec2i, stride: vec2i, channels: i32) {
  put_at(a, n, at, channels);
  put_at(b, n, at + vec2i(0, stride.y), channels);
  put_at(c, n, at + vec2i(stride.x, 0), channels);
  put_at(d, n, at + stride, channels);
}
fn finish_tile(sum: ptr<function, array<vec4f, SUMS>>, n: i32, origin: vec2i, quad: i32, c: i32, stride: vec2i, phase: vec2i) {
  if (c < sizes[1].z) {
    take_channels(c);
${lines(stores)}
  }
}
${split === 1 ? 'fn add_parts(sum: ptr<function, array<vec4f, SUMS>>, part: i32, local: i32) {}' : addParts(sums)}`;
}

/** The first part of a workgroup adds up what the others have, one after the other: that takes little memory. */
const addParts = (sums: number): string => `var<workgroup> parts: array<array<vec4f, SUMS>, LOCAL>;
fn add_parts(sum: ptr<function, array<vec4f, SUMS>>, part: i32, local: i32) {
  for (var other = 1; other < SPLIT; other++) {
    workgroupBarrier();
    if (part == other) {
${upTo(sums)
  .map(i => `      parts[local][${i}] = (*sum)[${i}];`)
  .join('\n')}
    }
    workgroupBarrier();
    if (part == 0) {
${upTo(sums)
  .map(i => `      (*sum)[${i}] += parts[local][${i}];`)
  .join('\n')}
    }
  }
}`;

/** Where a thread's i-th quad lies, seen from its first. */
function quadOffset(i: number, step: number, across: number): string {
  const quads = i * step;
  return quads % across === 0
    ? `vec2i(${(2 * quads) / across}, 0)`
    : `(quad_at(quad) - quad_at(quad - ${quads}))`;
}
