// The first convolution of a look in one kernel with what it reads: the guide, or the picture itself.

import { blocks, type Convolution, type Resample, type Source, type Tensor } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import { TO_BUFFER } from './compile.ts';
import { declareGeometry, declareWeights, readsOf, scaledCode } from './convolution.ts';
import { type FrameLayout, type Kernel, kernelOf } from './kernel.ts';
import opening from './opening.wgsl?raw';
import { declareSampling } from './picture.ts';
import { declareBands } from './resample.ts';
import { Shader } from './shader.ts';
import type { Style } from './style.ts';
import { columnCode } from './weights.ts';

/** Strips of a tile, so many beside each other, so many below. */
const ACROSS = 4;
const ROWS = 16;
/** Bytes of workgroup memory that every GPU has. */
const MOST_BYTES = 16384;
/** Values that a thread keeps in registers. */
const MOST_VALUES = 128;

export interface Tile {
  /** Outputs of one thread, side by side. */
  readonly wide: number;
  /** Rows and columns of the guide that a workgroup needs. */
  readonly size: readonly [number, number];
  readonly channels: number;
}

/** How a convolution of `guide` goes with tiles of it; null where a tile would be too large. */
export function tileOf(guide: Tensor, { group, weights, x, y }: Convolution): Tile | null {
  const [, channels] = guide.shape;
  if (group > 1 || channels > 4 || x.outputStride > 1 || y.outputStride > 1) return null;
  const [, , kh, kw] = weights.dims;
  for (const wide of [8, 4]) {
    const reach = (outputs: number, stride: number, taps: number, step: number) =>
      (outputs - 1) * stride + (taps - 1) * step + 1;
    const size = [
      reach(ROWS, y.inputStride, kh, y.inputStep),
      reach(ACROSS * wide, x.inputStride, kw, x.inputStep),
    ] as const;
    const values = kh * readsOf(x, wide).columns.length * channels;
    if (size[0] * size[1] * channels * 4 <= MOST_BYTES && values <= MOST_VALUES)
      return { wide, size, channels };
  }
  return null;
}

export function compileOpening(
  plan: Plan,
  style: Style,
  guide: Resample | Source,
  convolution: Convolution,
  tile: Tile,
  frame: FrameLayout,
): Kernel {
  const shader = new Shader(plan, style, { ...convolution, inputs: guide.inputs }, TO_BUFFER);
  shader.readInputs();
  shader.add(`const THREADS = ${style.threads};`);
  const at = shader.size(...guide.output.shape);
  shader.add(`const GUIDE = ${at};`);
  declareMade(shader, guide, frame);
  shader.epilogue('guide', guide.epilogue, guide.output, at);
  declareGeometry(shader, convolution);
  const made = 'guide(made(n, y, x), n, y, x, 0)';
  const value = convolution.prologue ? `prepare(${made})` : made;
  shader.add(`fn value_at(n: i32, y: i32, x: i32) -> vec4f {\n  return ${value};\n}`);
  declareWeights(shader, convolution);
  shader.add(productsCode(convolution, tile));
  const [n, , height, width] = convolution.output.shape;
  const out = blocks(convolution.output);
  // Few output channels to a workgroup where there are threads to fill; the tile is made anew for each.
  const each = style.few > 0 ? Math.min(out, 4) : out;
  const slices = Math.ceil(out / each);
  shader.add(`const SLICES = ${shader.size(slices, each)};`);
  shader.finish(scaledCode(shader, convolution));
  return kernelOf(shader, opening, [
    Math.ceil(width / (ACROSS * tile.wide)),
    Math.ceil(height / ROWS),
    n * slices,
  ]);
}

/** `made(n, y, x)`: an element of the guide before its epilogue. */
function declareMade(shader: Shader, guide: Resample | Source, frame: FrameLayout): void {
  if (guide.kind === 'source') {
    declareSampling(shader, frame);
    shader.add('fn made(n: i32, y: i32, x: i32) -> vec4f {\n  return sampled(vec2i(x, y));\n}');
    return;
  }
  declareBands(shader, guide);
  const [rows, columns] = [guide.left?.width ?? 1, guide.right?.width ?? 1];
  // One channel is read alone: on GPUs that load number by number, three quarters of a block are for nothing.
  const single = guide.output.shape[1] === 1;
  const read = (j: number, i: number) =>
    single ? `vec4f(widen_first(input_0[at${j} + ${i} * step].x))` : `block_0(at${j} + ${i} * step)`;
  const terms = Array.from({ length: rows }, (_, j) => {
    const row = Array.from({ length: columns }, (_, i) => `across${i} * ${read(j, i)}`).join(' + ');
    return `  sum += weight_y(y, ${j}) * (${row});`;
  });
  const across = Array.from({ length: columns }, (_, i) => `  let across${i} = weight_x(x, ${i});`);
  const ats = Array.from(
    { length: rows },
    (_, j) => `  let at${j} = ((n * size.z + start_y(y) + ${j}) * size.w + start_x(x)) * step + sizes[3].y;`,
  );
  shader.add(`fn made(n: i32, y: i32, x: i32) -> vec4f {
  let size = sizes[2];
  let step = sizes[3].x;
${[...across, ...ats].join('\n')}
  var sum = vec4f(0);
${terms.join('\n')}
  return sum;
}`);
}

/** What a thread keeps of the tile, and the products of that with one block of output channels. */
function productsCode({ x, y, weights }: Convolution, { wide, size, channels }: Tile): string {
  const [, , kh] = weights.dims;
  const { columns, taps } = readsOf(x, wide);
  const [first = 0] = columns;
  const values: string[] = [];
  const lines: string[] = [];
  for (let lane = 0; lane < channels; lane++) {
    for (let j = 0; j < kh; j++) {
      const row = `${lane} * AREA + at + ${j * y.inputStep * size[1]}`;
      values.push(...columns.map(column => `tile[${row} + ${column - first}]`));
      for (const { kernel, at } of taps) {
        const weight = `w${lane}_${j}_${kernel}`;
        lines.push(`  let ${weight} = column_${lane}(first + ${j} * KERNEL.y + ${kernel}, zero);`);
        at.forEach((column, p) => {
          const value = `values[${(lane * kh + j) * columns.length + column}]`;
          lines.push(`  sum[${p}] += ${weight} * ${value};`);
        });
      }
    }
  }
  const start = [y.phases[0]?.start ?? 0, x.phases[0]?.start ?? 0];
  const type = `array<f32, ${values.length}>`;
  return `const WIDE = ${wide};
const ACROSS = ${ACROSS};
const ROWS = ${ROWS};
const CHANNELS = ${channels};
const TILE = vec2i(${size[0]}, ${size[1]});
const AREA = ${size[0] * size[1]};
const START = vec2i(${start[0]}, ${start[1]});
var<private> sums: array<vec4f, WIDE>;
${Array.from({ length: channels }, (_, lane) => columnCode(weights.type, lane)).join('\n')}
fn values_at(at: i32) -> ${type} {
  return ${type}(${values.join(', ')});
}
fn products(values: ${type}, c: i32, zero: vec4f) -> array<vec4f, WIDE> {
  let first = c * TAPS;
  var sum: array<vec4f, WIDE>;
${lines.join('\n')}
  return sum;
}`;
}
