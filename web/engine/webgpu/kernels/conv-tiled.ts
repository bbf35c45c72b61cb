// Tiled convolutions, transposed ones too: the tile's shape, and the unrolled products of a thread.

import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import type { KernelConfig, TileShape } from './config.ts';
import { columnReads, declareGeometry, declareWeights, outputBases, scaleShiftCode } from './conv-common.ts';
import convTiled from './conv-tiled.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { blockCode } from './weight-unpacking.ts';

/** Sums per thread, at most; and sums per thread in workgroup memory, where threads share them. */
const MAX_SUMS = 64;
const MAX_SHARED_SUMS = 16;
const MAX_WIDTH = 16;

export function compileTiledConv(shader: ShaderBuilder, operation: Convolution, given: TileShape): Kernel {
  const [n] = operation.output.shape;
  const out = channelBlocks(operation.output);
  const [height, width] = outputBases(operation);
  const { config } = shader.context;
  const shape = fitShape(given, config, operation);
  const down = Math.ceil(height / shape.tall);
  const across = Math.ceil(width / shape.wide);
  const tiles = n * down * across;
  // Four threads of a quad use the same weights if their tiles have the same channels.
  const hasQuads = config.hasQuads && shape.share === 1 && tiles % 4 === 0;
  if (hasQuads) shader.enableSubgroups();
  shader.readInputs();
  declareGeometry(shader, operation);
  // A picture has three channels, so a matrix of three rows is enough.
  const rows = operation.output.shape[1] === 3 ? 3 : 4;
  declareWeights(shader, operation, blockCode(operation.weights.type, rows, hasQuads));
  shader.add(`const THREADS = ${config.threads};`);
  shader.add(`const BASES = ${shader.size(down, across, height)};`);
  shader.add(tileCode(operation, shape, hasQuads, rows));
  shader.finish(() => scaleShiftCode(shader, operation));
  const threads = tiles * Math.ceil(out / shape.deep) * shape.share;
  const [x, y] = linearWorkgroups(threads, config.threads);
  return shader.kernel(convTiled, [x, y, operation.y.outputStride]);
}

/** Reduces the shape to the convolution's outputs and the GPU's registers. Depth that is cut may become width. */
function fitShape(shape: TileShape, { threads }: KernelConfig, operation: Convolution): TileShape {
  const { outputStride } = operation.x;
  const [, columns] = outputBases(operation);
  let { wide, deep } = shape;
  const { tall } = shape;
  while (channelBlocks(operation.output) % deep > 0) {
    deep /= 2;
    if (wide * 2 <= Math.min(columns, MAX_WIDTH)) wide *= 2;
  }
  while (wide > 1 && wide * tall * deep * outputStride > MAX_SUMS) wide /= 2;
  while (deep > 1 && wide * tall * deep * outputStride > MAX_SUMS) deep /= 2;
  const sums = wide * tall * deep * outputStride;
  return { wide, tall, deep, share: sums > MAX_SHARED_SUMS ? 1 : Math.min(shape.share, threads) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function tileCode({ x, prologue }: Convolution, shape: TileShape, hasQuads: boolean, rows: 3 | 4): string {
  const { wide, tall, deep, share } = shape;
  const { columns } = columnReads(x, wide);
  const sums = wide * tall * deep * x.outputStride;
  const rowsAt = upTo(tall).map(row => `row_at(n, select(-1, y + ${row} * INPUT_STRIDE.x, below > ${row}))`);
  const zeros = upTo(deep).map(block => `zero_point(c + ${block})`);
  const columnsAt = columns.map(offset => `column_at(left + ${offset})`);
  return `const WIDE = ${wide};
const TALL = ${tall};
const DEEP = ${deep};
const SHARE = ${share};
const QUADS = ${hasQuads};
const SUMS = ${sums};
fn zeros_at(c: i32) -> array<vec4f, DEEP> {
  return array<vec4f, DEEP>(${zeros.join(', ')});
}
fn rows_at(n: i32, y: i32, below: i32) -> array<i32, TALL> {
  return array<i32, TALL>(${rowsAt.join(', ')});
}
fn columns_at(base: i32) -> array<i32, ${columns.length}> {
  let left = base * INPUT_STRIDE.y;
  return array<i32, ${columns.length}>(${columnsAt.join(', ')});
}
fn fetch(row: i32, k: i32, column: i32) -> vec4f {
  let value = block_0(max(row, 0) + k + max(column, 0));
  return select(vec4f(0), ${prologue ? 'prepare(value)' : 'value'}, EDGE || min(row, column) >= 0);
}
fn multiply(sum: ptr<function, array<Sum, SUMS>>, rows: array<i32, TALL>, columns: array<i32, ${columns.length}>, zero: array<vec4f, DEEP>, k: i32, weight: i32, blocks_in: i32) {
${productLines(x, shape).join('\n')}
}
fn widened(sum: Sum) -> vec4f {
  return vec4f(sum${rows === 3 ? ', 0' : ''});
}
${share === 1 ? PRIVATE_SUMS : sharedSums(sums)}`;
}

/** The loads and products of a thread for one row of the kernel and one block of input channels. */
function productLines(axis: Convolution['x'], { wide, tall, deep }: TileShape): string[] {
  const { columns, taps } = columnReads(axis, wide);
  const rows = upTo(tall);
  const fetched = rows.flatMap(row =>
    columns.map((_, i) => `let v${row}_${i} = fetch(rows[${row}], k, columns[${i}]);`),
  );
  const products = taps.flatMap(({ phase, kernel, at }) =>
    upTo(deep).flatMap(block => {
      const sum = (row: number, p: number) => ((phase * tall + row) * wide + p) * deep + block;
      const weights = `w${phase}_${kernel}_${block}`;
      return [
        `let ${weights} = block(weight + (${block} * TAPS + ${kernel}) * blocks_in, zero[${block}]);`,
        ...rows.flatMap(row =>
          at.map((column, p) => `(*sum)[${sum(row, p)}] += ${weights} * v${row}_${column};`),
        ),
      ];
    }),
  );
  return [...fetched, ...products];
}

const PRIVATE_SUMS = `var<private> made: array<Sum, SUMS>;
fn share_out(sum: ptr<function, array<Sum, SUMS>>, index: u32) {
  made = *sum;
}
fn result(i: i32, index: u32) -> Sum {
  return made[i];
}`;

const sharedSums = (sums: number): string => `var<workgroup> parts: array<Sum, SUMS * THREADS>;
fn share_out(sum: ptr<function, array<Sum, SUMS>>, index: u32) {
${upTo(sums)
  .map(i => `parts[${i} * THREADS + index] = (*sum)[${i}];`)
  .join('\n')}
  workgroupBarrier();
}
fn result(i: i32, index: u32) -> Sum {
  let first = i * THREADS + i32(index) / SHARE * SHARE;
  var total = Sum();
  for (var t = 0; t < SHARE; t++) {
    total += parts[first + t];
  }
  return total;
}`;
