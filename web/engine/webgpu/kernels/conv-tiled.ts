// Convolutions, transposed ones too, by strips: of what shape, and the products of a thread written out.

import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import type { Class, Shape, Style } from './config.ts';
import { basesOf, declareGeometry, declareWeights, readsOf, scaledCode } from './conv-common.ts';
import strip from './conv-tiled.wgsl?raw';
import { type Kernel, linear } from './kernel.ts';
import type { Shader } from './shader.ts';

/** Wider kernels are looped over (`conv-naive.ts`): written out they would be too long a program. */
const WIDEST_KERNEL = 16;
/** Sums that a thread keeps at most, and those that a workgroup's memory holds for each of its threads where
 * they share. */
const MOST_SUMS = 64;
const MOST_SHARED = 16;
/** Products from which on a convolution is heavy. */
const HEAVY = 8e6;
/** Outputs in a block of channels by which threads are counted: not by shapes, which the tuner changes. */
const FOR_A_THREAD = 4;
const MOST_WIDE = 16;

export const isStrip = ({ group, weights }: Convolution): boolean =>
  group === 1 && weights.dims[3] <= WIDEST_KERNEL;

export function compileStrip(shader: Shader, operation: Convolution): Kernel {
  const [n] = operation.output.shape;
  const out = channelBlocks(operation.output);
  const [height, width] = basesOf(operation);
  const { style } = shader.context;
  const name = classOf(style, operation);
  const shape = fitted(style.shapes[name], style, operation);
  const down = Math.ceil(height / shape.tall);
  const across = Math.ceil(width / shape.wide);
  const strips = n * down * across;
  // Four threads beside each other want the same weights where they have strips of the same channels.
  const together = style.together && shape.share === 1 && strips % 4 === 0;
  if (together) shader.enableSubgroups();
  shader.readInputs();
  declareGeometry(shader, operation);
  // A picture's three channels are not multiplied as four.
  const rows = operation.output.shape[1] === 3 ? 3 : 4;
  declareWeights(shader, operation, rows, together);
  shader.add(`const THREADS = ${style.threads};`);
  shader.add(`const BASES = ${shader.size(down, across, height)};`);
  shader.add(stripCode(operation, shape, together, rows));
  shader.finish(() => scaledCode(shader, operation));
  const threads = strips * Math.ceil(out / shape.deep) * shape.share;
  const [x, y] = linear(threads, style.threads);
  return shader.kernel(strip, [x, y, operation.y.outputStride]);
}

export function classOf({ few }: Style, operation: Convolution): Class {
  const { output, x } = operation;
  const [n, , height] = output.shape;
  const [rows, columns] = basesOf(operation);
  if (rows * columns === 1 || x.outputStride > 2) return 'tiny';
  const usual: Class = multiplyAdds(operation) < HEAVY ? 'fine' : 'heavy';
  const threads = (n * height * columns * channelBlocks(output)) / FOR_A_THREAD;
  return threads < few || columns < 4 ? 'coarse' : usual;
}

/** The shape as far as the convolution has outputs and a GPU has room for it: what it lacks in depth it may
 * make up for in width. */
function fitted(shape: Shape, { threads }: Style, operation: Convolution): Shape {
  const { outputStride } = operation.x;
  const [, columns] = basesOf(operation);
  let { wide, deep } = shape;
  const { tall } = shape;
  while (channelBlocks(operation.output) % deep > 0) {
    deep /= 2;
    if (wide * 2 <= Math.min(columns, MOST_WIDE)) wide *= 2;
  }
  while (wide > 1 && wide * tall * deep * outputStride > MOST_SUMS) wide /= 2;
  while (deep > 1 && wide * tall * deep * outputStride > MOST_SUMS) deep /= 2;
  const sums = wide * tall * deep * outputStride;
  return { wide, tall, deep, share: sums > MOST_SHARED ? 1 : Math.min(shape.share, threads) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function stripCode({ x, prologue }: Convolution, shape: Shape, together: boolean, rows: 3 | 4): string {
  const { wide, tall, deep, share } = shape;
  const { columns } = readsOf(x, wide);
  const sums = wide * tall * deep * x.outputStride;
  const rowsAt = upTo(tall).map(row => `row_at(n, select(-1, y + ${row} * INPUT_STRIDE.x, below > ${row}))`);
  const zeros = upTo(deep).map(block => `zero_point(c + ${block})`);
  const places = columns.map(offset => `column_at(left + ${offset})`);
  return `const WIDE = ${wide};
const TALL = ${tall};
const DEEP = ${deep};
const SHARE = ${share};
const TOGETHER = ${together};
const SUMS = ${sums};
fn zeros_at(c: i32) -> array<vec4f, DEEP> {
  return array<vec4f, DEEP>(${zeros.join(', ')});
}
fn row_at(n: i32, y: i32) -> i32 {
  let at = (n * sizes[2].z + y) * sizes[2].w * sizes[3].x + sizes[3].y;
  return select(-1, at, y >= 0 && y < sizes[2].z);
}
fn rows_at(n: i32, y: i32, below: i32) -> array<i32, TALL> {
  return array<i32, TALL>(${rowsAt.join(', ')});
}
fn column_at(x: i32) -> i32 {
  return select(-1, x * sizes[3].x, x >= 0 && x < sizes[2].w);
}
fn columns_at(base: i32) -> array<i32, ${columns.length}> {
  let left = base * INPUT_STRIDE.y;
  return array<i32, ${columns.length}>(${places.join(', ')});
}
fn fetch(row: i32, k: i32, column: i32) -> vec4f {
  let value = block_0(max(row, 0) + k + max(column, 0));
  return select(vec4f(0), ${prologue ? 'prepare(value)' : 'value'}, min(row, column) >= 0);
}
fn multiply(sum: ptr<function, array<Sum, SUMS>>, rows: array<i32, TALL>, columns: array<i32, ${columns.length}>, zero: array<vec4f, DEEP>, k: i32, weight: i32, blocks_in: i32) {
${productLines(x, shape).join('\n')}
}
fn widened(sum: Sum) -> vec4f {
  return vec4f(sum${rows === 3 ? ', 0' : ''});
}
${share === 1 ? OWN : shared(sums)}`;
}

/** For one row of the kernel and one block of input channels: loads and products of a thread's sums. */
function productLines(axis: Convolution['x'], { wide, tall, deep }: Shape): string[] {
  const { columns, taps } = readsOf(axis, wide);
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

const OWN = `var<private> made: array<Sum, SUMS>;
fn share_out(sum: ptr<function, array<Sum, SUMS>>, index: u32) {
  made = *sum;
}
fn result(i: i32, index: u32) -> Sum {
  return made[i];
}`;

const shared = (sums: number): string => `var<workgroup> parts: array<Sum, SUMS * THREADS>;
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
