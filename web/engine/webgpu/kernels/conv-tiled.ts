// Tiled convolutions, transposed ones too: the tile's shape, and the unrolled products of a thread.

import type { ConvAxis, Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import type { KernelConfig, TileShape } from './config.ts';
import {
  bindGeometry,
  blocksOf,
  columnReads,
  declareFetch,
  declareWeights,
  outputBases,
  scaleShiftCode,
} from './conv-common.ts';
import convTiled from './conv-tiled.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { blockCode } from './weight-unpacking.ts';

/** Sums per thread, at most; and sums per thread in workgroup memory, where threads share them. */
const MAX_SUMS = 64;
const MAX_SHARED_SUMS = 16;
const MAX_WIDTH = 16;
/** Taps along a tile from which on they are a loop: unrolled, they would be too long a program. */
const MAX_TAPS = 16;
/** Neighbouring threads that have the same pixels, at most. */
const MAX_CHANNEL_TILES = 16;

/** A convolution as its tiles see it. */
interface TileAxes {
  /** Whether tiles are taller than wide. */
  readonly isUpright: boolean;
  /** The axis across the tile, and the one along its longer side. */
  readonly line: ConvAxis;
  readonly along: ConvAxis;
  /** The taps and phases along the tile that are a loop, and those of a thread: one of the two is a single tap. */
  readonly loop: ConvAxis;
  readonly unrolled: ConvAxis;
  readonly long: number;
  readonly short: number;
}

function axesOf({ y, x }: Convolution, { wide, tall }: TileShape, { unrollsTaps }: KernelConfig): TileAxes {
  const isUpright = tall > wide;
  const [line, along, long, short] = isUpright ? [x, y, tall, wide] : [y, x, wide, tall];
  const one = { ...along, outputStride: 1, phases: [{ first: 0, count: 1, start: 0 }] };
  const taps = Math.max(...along.phases.map(({ count }) => count));
  const [loop, unrolled] = unrollsTaps && taps <= MAX_TAPS ? [one, along] : [along, one];
  return { isUpright, line, along, loop, unrolled, long, short };
}

export function compileTiledConv(shader: ShaderBuilder, operation: Convolution, given: TileShape): Kernel {
  const [n] = operation.output.shape;
  const out = channelBlocks(operation.output);
  const [height, width] = outputBases(operation);
  const { config } = shader.context;
  const shape = fitShape(given, config, operation);
  const axes = axesOf(operation, shape, config);
  const size = axes.isUpright ? width : height;
  const lines = Math.ceil(size / axes.short);
  const columns = Math.ceil((axes.isUpright ? height : width) / axes.long);
  const tiles = n * lines * columns;
  // Four threads of a quad use the same weights if their tiles have the same channels.
  const hasQuads = config.hasQuads && shape.share === 1 && tiles % 4 === 0;
  if (hasQuads) shader.enableSubgroups();
  shader.readInputs();
  declareFetch(shader, operation);
  // A picture has three channels, so a matrix of three rows is enough.
  const rows = operation.output.shape[1] === 3 ? 3 : 4;
  const unit = declareWeights(shader, operation, type => blockCode(type, rows, hasQuads));
  shader.add(`const THREADS = ${config.threads};`);
  const { line, along, loop, isUpright } = axes;
  const [, , kh, kw] = operation.weights.dims;
  bindGeometry(
    shader,
    [line, along],
    [line.phases, loop.phases],
    [
      [kh * kw, loop.outputStride, isUpright ? 1 : kw, isUpright ? kw : 1],
      [lines, columns, size, shape.share],
      [channelTilesOf(operation, shape, config), 0, 0, 0],
    ],
  );
  shader.add(tileCode(operation, axes, shape, given.share > 1, hasQuads, rows));
  shader.finish(() => scaleShiftCode(shader, operation, unit));
  const threads = tiles * Math.ceil(out / shape.deep) * shape.share;
  const [x, y] = linearWorkgroups(threads, config.threads);
  return shader.kernel(convTiled, [x, y, axes.line.outputStride * axes.loop.outputStride]);
}

/** Neighbouring threads whose tiles differ by their channels alone, so that they read the same inputs. On
 * real GPUs, for which a workgroup is more than a quad. */
function channelTilesOf({ output }: Convolution, { deep }: TileShape, { threads }: KernelConfig): number {
  const max = Math.min(MAX_CHANNEL_TILES, threads / 4);
  let tiles = 1;
  while (2 * tiles <= max && (channelBlocks(output) / deep) % (2 * tiles) === 0) tiles *= 2;
  return tiles;
}

/** Reduces the shape to the convolution's outputs and the GPU's registers. Depth that is cut may become width. */
export function fitShape(
  shape: TileShape,
  { threads, minThreads }: KernelConfig,
  operation: Convolution,
): TileShape {
  const [rows, columns] = outputBases(operation);
  let { deep } = shape;
  // Layers of a software GPU share pipelines, at the price of tiles that are partly empty.
  const isReal = minThreads > 0;
  let wide = isReal ? Math.min(shape.wide, powerAbove(columns)) : shape.wide;
  let tall = isReal ? Math.min(shape.tall, powerAbove(rows)) : shape.tall;
  while (channelBlocks(operation.output) % deep > 0) {
    deep /= 2;
    if (tall <= wide && wide * 2 <= Math.min(columns, MAX_WIDTH)) wide *= 2;
  }
  const sums = () => wide * tall * deep * (tall > wide ? operation.y : operation.x).outputStride;
  while (wide > 1 && sums() > MAX_SUMS) wide /= 2;
  while (deep > 1 && sums() > MAX_SUMS) deep /= 2;
  while (tall > 1 && sums() > MAX_SUMS) tall /= 2;
  const maxShare = 2 ** Math.floor(Math.log2(blocksOf(operation)));
  let share = sums() > MAX_SHARED_SUMS ? 1 : Math.min(shape.share, threads, maxShare);
  const pixelTiles = Math.ceil(rows / tall) * Math.ceil(columns / wide) * operation.y.outputStride;
  const tiles = (pixelTiles * channelBlocks(operation.output)) / deep;
  while (share > 1 && (tiles * share) / 2 >= minThreads) share /= 2;
  return { wide, tall, deep, share };
}

const powerAbove = (size: number): number => 2 ** Math.ceil(Math.log2(size));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function tileCode(
  { weights }: Convolution,
  axes: TileAxes,
  { deep }: TileShape,
  canShare: boolean,
  hasQuads: boolean,
  rows: 3 | 4,
): string {
  const { isUpright, along, loop, long, short, unrolled } = axes;
  const { columns: places } = columnReads(unrolled, long);
  const sums = long * short * deep * unrolled.outputStride;
  // Memory of a workgroup is declared whether threads share a sum or not, so that layers share pipelines.
  const isShared = canShare && sums <= MAX_SHARED_SUMS;
  const [lineAt, placeAt] = isUpright ? ['x_at(', 'y_at(n, '] : ['y_at(n, ', 'x_at('];
  const linesAt = upTo(short).map(
    line => `select(BEYOND, ${lineAt}at + ${line} * sizes[GEOMETRY].x), below > ${line})`,
  );
  const zeros = upTo(deep).map(block => `zero_point(c + ${block})`);
  const placesAt = places.map(offset => `${placeAt}first + ${offset})`);
  return `const UPRIGHT = ${isUpright};
const TAP_LOOP = ${loop === along};
const LONG = ${long};
const SHORT = ${short};
const DEEP = ${deep};
const QUADS = ${hasQuads};
const SUMS = ${sums};
fn zeros_at(c: i32) -> array<vec4f, DEEP> {
  return array<vec4f, DEEP>(${zeros.join(', ')});
}
fn lines_at(n: i32, at: i32, below: i32) -> array<i32, SHORT> {
  return array<i32, SHORT>(${linesAt.join(', ')});
}
fn places_at(n: i32, first: i32) -> array<i32, ${places.length}> {
  return array<i32, ${places.length}>(${placesAt.join(', ')});
}
fn multiply(sum: ptr<function, array<Sum, SUMS>>, lines: array<i32, SHORT>, places: array<i32, ${places.length}>, zero: array<vec4f, DEEP>, k: i32, weight: i32, blocks_in: i32) {
${productLines(axes, deep, isUpright ? weights.dims[3] : 1).join('\n')}
}
fn widened(sum: Sum) -> vec4f {
  return vec4f(sum${rows === 3 ? ', 0' : ''});
}
${isShared ? sharedSums(sums) : PRIVATE_SUMS}`;
}

/** The loads and products of a thread for one line of the kernel and one block of input channels. Taps along
 * the tile are `step` taps of the kernel apart. */
function productLines({ unrolled, long, short }: TileAxes, deep: number, step: number): string[] {
  const { columns: places, taps } = columnReads(unrolled, long);
  const lines = upTo(short);
  const fetched = lines.flatMap(line =>
    places.map((_, i) => `let v${line}_${i} = fetch(lines[${line}] + k + places[${i}]);`),
  );
  const products = taps.flatMap(({ phase, kernel, at }) =>
    upTo(deep).flatMap(block => {
      const sum = (line: number, p: number) => ((phase * short + line) * long + p) * deep + block;
      const weights = `w${phase}_${kernel}_${block}`;
      return [
        `let ${weights} = block(weight + (${block} * sizes[GEOMETRY + 2].x + ${kernel * step}) * blocks_in, zero[${block}]);`,
        ...lines.flatMap(line =>
          at.map((place, p) => `(*sum)[${sum(line, p)}] += ${weights} * v${line}_${place};`),
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
  let share = sizes[GEOMETRY + 3].w;
  let first = i * THREADS + i32(index) / share * share;
  var total = Sum();
  for (var t = 0; t < share; t++) {
    total += parts[first + t];
  }
  return total;
}`;
