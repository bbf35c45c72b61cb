// The first convolution of a look, fused with its input: the guide, or the picture itself.

import type { Element } from '../../codegen/pack-weights.ts';
import type { BandedMatrix, Convolution, FrameInput, Resample } from '../../graph/ir/operation.ts';
import { channelBlocks, type Tensor } from '../../graph/ir/tensor.ts';
import type { KernelConfig } from './config.ts';
import { columnReads, declareGeometry, declareWeights, scaleShiftCode } from './conv-common.ts';
import { declareSampling } from './frame-source.ts';
import inputConv from './input-conv.wgsl?raw';
import inputConvResample from './input-conv-resample.wgsl?raw';
import { type FrameLayout, type Kernel, TO_BUFFER } from './kernel.ts';
import { declareBands } from './resample.ts';
import { type KernelContext, ShaderBuilder } from './shader.ts';
import { columnCode } from './weight-unpacking.ts';

/** Strips of outputs side by side in a tile; and the outputs per strip, with the rows of strips. */
const ACROSS = 4;
const SHAPES = [
  { wide: 4, rows: 16 },
  { wide: 4, rows: 8 },
] as const;
/** Workgroup memory that every GPU has. */
const MAX_BYTES = 16384;
/** Values of the tile that a thread reads: each is a line of the program. */
const MAX_VALUES = 128;

export interface InputTile {
  /** Outputs of one thread, side by side. */
  readonly wide: number;
  /** Rows of outputs. */
  readonly rows: number;
  /** Rows and columns of the guide that a workgroup needs. */
  readonly size: readonly [number, number];
  readonly channels: number;
  /** Rows of a resampled guide's input that a tile reads. */
  readonly inputRows: number;
}

/** The tile for a convolution of `guide`; null if it would be too large. */
export function fitTile(
  guide: Resample | FrameInput,
  { group, weights, output, x, y }: Convolution,
): InputTile | null {
  const [, channels, height] = guide.output.shape;
  if (guide.kind === 'resample' && isUnordered(guide.left)) return null;
  if (group > 1 || channels > 4 || x.outputStride > 1 || y.outputStride > 1) return null;
  const [, , kh, kw] = weights.dims;
  // Trimmed kernels are small and not worth fusing.
  if (y.phases[0]?.count !== kh || x.phases[0]?.count !== kw) return null;
  for (const { wide, rows } of SHAPES) {
    const reach = (outputs: number, stride: number, taps: number, step: number) =>
      (outputs - 1) * stride + (taps - 1) * step + 1;
    const size = [
      reach(rows, y.inputStride, kh, y.inputStep),
      reach(ACROSS * wide, x.inputStride, kw, x.inputStep),
    ] as const;
    const values = kh * columnReads(x, wide).columns.length * channels;
    const starts = Array.from(
      { length: Math.ceil(output.shape[2] / rows) },
      (_, i) => i * rows * y.inputStride + (y.phases[0]?.start ?? 0),
    );
    const inputRows = guide.kind === 'frameInput' ? 0 : countInputRows(guide.left, starts, size[0], height);
    if ((size[0] + inputRows) * size[1] * channels * 4 <= MAX_BYTES && values <= MAX_VALUES)
      return { wide, rows, size, channels, inputRows };
  }
  return null;
}

/** Whether some row reads from above the row before it. Then a tile has no first row. */
const isUnordered = (band: BandedMatrix | null): boolean =>
  band?.starts.some((start, row, starts) => start < (starts[row - 1] ?? 0)) ?? false;

/** The most input rows that a tile of `rows` reads, over all starts. */
function countInputRows(
  band: BandedMatrix | null,
  starts: readonly number[],
  rows: number,
  height: number,
): number {
  const inside = (row: number) => Math.min(Math.max(row, 0), height - 1);
  const start = (row: number) => band?.starts[inside(row)] ?? inside(row);
  return Math.max(...starts.map(first => start(first + rows - 1) - start(first))) + (band?.width ?? 1);
}

export function compileInputConv(
  context: KernelContext,
  guide: Resample | FrameInput,
  convolution: Convolution,
  tile: InputTile,
  frame: FrameLayout | null,
): Kernel {
  const { config } = context;
  const shader = new ShaderBuilder(context, { ...convolution, inputs: guide.inputs }, TO_BUFFER);
  shader.inlineSizes = true;
  shader.readInputs();
  shader.add(`const THREADS = ${config.threads};`);
  const at = shader.size(...guide.output.shape);
  shader.add(`const GUIDE = ${at};`);
  shader.epilogue('guide', guide.epilogue, guide.output, at);
  declareGeometry(shader, convolution);
  shader.add(`const EDGE = ${convolution.padding === 'edge'};`);
  if (convolution.prologue) shader.valueFunction('prepare', convolution.prologue);
  const value = 'guide(made, n, y, x, 0)';
  shader.add(`fn value_of(made: vec4f, n: i32, y: i32, x: i32) -> vec4f {
  return ${convolution.prologue ? `prepare(${value})` : value};
}`);
  const columns = (type: Element) =>
    Array.from({ length: tile.channels }, (_, lane) => columnCode(type, lane)).join('\n');
  // Halves take registers that some GPUs do not have.
  const held = config.unrollsTaps ? undefined : convolution.weights.type;
  const unit = declareWeights(shader, convolution, columns, held);
  shader.add(productsCode(convolution, tile));
  shader.add(keepCode('tile', 'AREA', tile));
  declareGuide(shader, guide, tile, frame);
  const [n, , height, width] = convolution.output.shape;
  const { slices, each } = inputWork(tile, convolution.output, config);
  shader.add(`const SLICES = ${shader.size(slices, each)};`);
  shader.finish(() => scaleShiftCode(shader, convolution, unit));
  return shader.kernel(inputConv, [
    Math.ceil(width / (ACROSS * tile.wide)),
    Math.ceil(height / tile.rows),
    n * slices,
  ]);
}

/** Strips of a tile; and slices of the output's channels that have workgroups of their own, with the blocks of each. */
export function inputWork({ rows }: InputTile, output: Tensor, { minThreads }: KernelConfig) {
  const out = channelBlocks(output);
  // Few output channels per workgroup if the GPU is to be filled. Each workgroup computes its tile again.
  const each = minThreads > 0 ? Math.min(out, 4) : out;
  return { strips: rows * ACROSS, slices: Math.ceil(out / each), each };
}

/** Declares `made(pixel, column)`, a value of the guide in a column of the tile, before its epilogue, and
 * `start_tile`, which is called first. A resampled guide is resampled across first, for the few rows that the tile
 * reads, so that hardly anything is computed twice. */
function declareGuide(
  shader: ShaderBuilder,
  guide: Resample | FrameInput,
  tile: InputTile,
  frame: FrameLayout | null,
): void {
  if (guide.kind === 'frameInput') {
    declareSampling(shader, guide.output, frame);
    shader.add(`fn start_tile(n: i32, first: vec2i, index: i32) {
  take_crop();
}
fn made(pixel: vec2i, column: i32) -> vec4f {
  return sampled(pixel.yx);
}`);
    return;
  }
  declareBands(shader, guide);
  const upTo = (count = 1) => Array.from({ length: count }, (_, i) => i);
  const lanes = upTo(tile.channels);
  // A single channel is read alone: some GPUs load number by number, and would load the block's empty lanes.
  const read = (i: number) =>
    tile.channels === 1 ? `vec4f(widen_first(input_0[at + ${i} * step].x))` : `block_0(at + ${i} * step)`;
  const across = upTo(guide.right?.width).map(i => `weight_x(x, ${i}) * ${read(i)}`);
  const down = upTo(guide.left?.width).map(j => {
    const held = lanes.map(lane => `coarse[${lane} * COARSE_AREA + at + ${j} * TILE.y], `);
    return `weight_y(pixel.x, ${j}) * vec4f(${held.join('')}${'0, '.repeat(4 - lanes.length)})`;
  });
  shader.add(`const COARSE_AREA = ${tile.inputRows * tile.size[1]};
var<workgroup> coarse: array<f32, CHANNELS * COARSE_AREA>;
var<private> top: i32;
${keepCode('coarse', 'COARSE_AREA', tile)}
fn across(n: i32, y: i32, x: i32) -> vec4f {
  let step = sizes[3].x;
  let at = ((n * sizes[2].z + y) * sizes[2].w + start_x(x)) * step + sizes[3].y;
  return ${across.join(' + ')};
}
fn made(pixel: vec2i, column: i32) -> vec4f {
  let at = (start_y(pixel.x) - top) * TILE.y + column;
  return ${down.join(' + ')};
}`);
  shader.add(inputConvResample);
}

/** Declares `keep_tile(at, value)`, which writes the channels of a value to workgroup memory. */
function keepCode(name: string, area: string, { channels }: InputTile): string {
  const lines = Array.from(
    { length: channels },
    (_, lane) => `${name}[${lane} * ${area} + at] = value.${'xyzw'[lane]};`,
  );
  return `fn keep_${name}(at: i32, value: vec4f) {\n${lines.join('\n')}\n}`;
}

/** The products of a strip with one block of output channels. Values are read from workgroup memory where they are
 * needed: kept, they would take too many registers. */
function productsCode({ x, y, weights, output }: Convolution, tile: InputTile): string {
  const { wide, size, channels } = tile;
  const [, , kh] = weights.dims;
  const { columns, taps } = columnReads(x, wide);
  const [first = 0] = columns;
  const lines: string[] = [];
  for (let lane = 0; lane < channels; lane++) {
    for (let j = 0; j < kh; j++) {
      const row = `${lane} * AREA + at + ${j * y.inputStep * size[1]}`;
      const name = `${lane}_${j}`;
      columns.forEach((column, i) => {
        lines.push(`let v${name}_${i} = tile[${row} + ${column - first}];`);
      });
      for (const { kernel, at } of taps) {
        const weight = `w${name}_${kernel}`;
        lines.push(`let ${weight} = column_${lane}(first + ${j} * KERNEL.y + ${kernel}, zero);`);
        at.forEach((column, p) => {
          lines.push(`sum[${p}] += ${weight} * v${name}_${column};`);
        });
      }
    }
  }
  const start = [y.phases[0]?.start ?? 0, x.phases[0]?.start ?? 0];
  const isWhole = output.shape[3] % wide === 0;
  const puts = Array.from({ length: wide }, (_, p) => {
    const put = `put(sum[${p}], n, y, x + ${p}, c);`;
    return p === 0 || isWhole ? put : `if (x + ${p} < sizes[0].w) { ${put} }`;
  });
  return `const WIDE = ${wide};
const ACROSS = ${ACROSS};
const ROWS = ${tile.rows};
const CHANNELS = ${channels};
const TILE = vec2i(${size[0]}, ${size[1]});
const AREA = ${size[0] * size[1]};
var<workgroup> tile: array<f32, CHANNELS * AREA>;
const START = vec2i(${start[0]}, ${start[1]});
fn products(at: i32, c: i32, zero: vec4f) -> array<vec4f, WIDE> {
  let first = c * TAPS;
  var sum: array<vec4f, WIDE>;
${lines.join('\n')}
  return sum;
}
fn put_strip(sum: array<vec4f, WIDE>, n: i32, y: i32, x: i32, c: i32) {
${puts.join('\n')}
}`;
}
