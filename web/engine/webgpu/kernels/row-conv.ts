// Convolutions of a training step on a GPU in software, which runs four threads as one. There a load takes as long as twenty
// products, so a thread has a run of pixels with several blocks of channels, as long as its text stays short. The threads
// of a quad have one place in four images, so that they take the same branches and share the loads of weights.

import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES } from '../../graph/ir/tensor.ts';
import { declareWeights, scaleShiftCode } from './conv-common.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import { readOnce } from './read-once.ts';
import type { KernelContext, ShaderBuilder } from './shader.ts';

const QUAD = 4;
/** Wider kernels are too long a text, with all taps of a row. */
const MAX_TAPS = 8;
const MAX_RUN = 32;
/** Products in the text, at most, and threads of a kernel, at least: a CPU has several cores. */
const MAX_PRODUCTS = 1600;
const MIN_THREADS = 32;
/** What a product, and the load of a number, take for the four threads of a quad, in nanoseconds. */
const PRODUCT_NS = 0.6;
const LOAD_NS = 10;
/** What it takes to keep a sum from pass to pass. */
const SUM_NS = 2;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The taps of an axis, whose kernel moves by whole pixels. */
interface Taps {
  readonly first: number;
  readonly count: number;
  readonly start: number;
}

const tapsOf = ({ phases: [phase] }: Convolution['x']): Taps => phase ?? { first: 0, count: 0, start: 0 };

/** Whether no row of the kernel is beyond the picture. */
function staysInside({ inputs: [from], output, y }: Convolution): boolean {
  const { start, count } = tapsOf(y);
  const reach = [0, output.shape[2] - 1].flatMap(row =>
    [0, count - 1].map(j => row * y.inputStride + start + j * y.inputStep),
  );
  return Math.min(...reach) >= 0 && Math.max(...reach) < (from?.shape[2] ?? 0);
}

export function isRowConv({ config }: KernelContext, operation: Convolution): boolean {
  const { weights, group, y, x, padding, prologue, output } = operation;
  const [n, , height] = output.shape;
  return (
    config.minThreads === 0 &&
    config.hasQuads &&
    weights.type === 'float32' &&
    !weights.zero &&
    group === 1 &&
    weights.dims[3] <= MAX_TAPS &&
    y.outputStride * x.outputStride === 1 &&
    padding === 'zero' &&
    !prologue &&
    (n % QUAD === 0 || ((n * height) % QUAD === 0 && staysInside(operation)))
  );
}

interface Tile {
  /** Neighbouring pixels of a row, and output channels. */
  readonly run: number;
  readonly outputs: number;
  /** Input channels that a pass of the loop multiplies: 1, 2 or 4. */
  readonly lanes: number;
}

const blocksOf = ({ outputs }: Tile): number => Math.ceil(outputs / LANES);

/** The column that a pixel of a run reads by a tap, from the first one of the run on. */
const columnOf = ({ x }: Convolution, p: number, tap: number): number =>
  p * x.inputStride + tapsOf(x).start + tap * x.inputStep;

/** The columns that each pixel of a run reads, by tap. A thread with a whole row leaves out those beyond the picture. */
function readsOf(operation: Convolution, run: number): (readonly [tap: number, column: number])[][] {
  const { inputs, output, x } = operation;
  const isWhole = run >= output.shape[3];
  const width = inputs[0]?.shape[3] ?? 0;
  return upTo(run).map(p =>
    upTo(tapsOf(x).count)
      .map(tap => [tap, columnOf(operation, p, tap)] as const)
      .filter(([, column]) => !isWhole || (column >= 0 && column < width)),
  );
}

const columnsOf = (reads: ReturnType<typeof readsOf>): number[] => [
  ...new Set(reads.flatMap(all => all.map(([, column]) => column))),
];

/** The tile with the least work for an output. */
function findTile(operation: Convolution): Tile {
  const { inputs, output, x } = operation;
  const [n, channels, height, width] = output.shape;
  const lanes = [4, 2].find(many => (inputs[0]?.shape[1] ?? 0) % many === 0) ?? 1;
  const taps = tapsOf(x).count;
  const all = channelBlocks(output);
  const depths = upTo(all).flatMap(i => (all % (i + 1) === 0 ? [Math.min(channels, LANES * (i + 1))] : []));
  const threads = (run: number, outputs: number) =>
    (n * height * Math.ceil(width / run) * all) / Math.ceil(outputs / LANES);
  let best: { tile: Tile; cost: number } = { tile: { run: 1, outputs: LANES, lanes }, cost: Infinity };
  for (let run = 1; run <= Math.min(width, MAX_RUN); run++) {
    const reads = readsOf(operation, run);
    const values = columnsOf(reads).length;
    const pairs = reads.flat().length;
    for (const outputs of depths) {
      const products = pairs * lanes * outputs;
      if (products > MAX_PRODUCTS || threads(run, outputs) < MIN_THREADS) continue;
      const weights = Math.ceil((taps * lanes) / QUAD) * Math.ceil(outputs / LANES) * LANES;
      const work = products * PRODUCT_NS + (values * lanes + weights) * LOAD_NS + run * outputs * SUM_NS;
      const cost = (work * Math.ceil(width / run)) / outputs;
      if (cost < best.cost) best = { tile: { run, outputs, lanes }, cost };
    }
  }
  return best.tile;
}

/** The loads and products of a row of the kernel and some input channels. */
function productCode(operation: Convolution, tile: Tile): string[] {
  const { output, x } = operation;
  const { run, outputs, lanes } = tile;
  const { count } = tapsOf(x);
  const isWhole = run >= output.shape[3];
  const reads = readsOf(operation, run);
  const offsets = columnsOf(reads);
  const nameOf = (offset: number) => `x${offsets.indexOf(offset)}`;
  const block = (offset: number) => `input_0[line + (column * ${x.inputStride} + ${offset}) * sizes[3].x]`;
  const values = offsets.map(offset => {
    const numbers = upTo(lanes).map(lane => `${block(offset)}[first + ${lane}]`);
    const read =
      lanes === LANES ? block(offset) : lanes === 1 ? `${numbers}` : `vec${lanes}f(${numbers.join(', ')})`;
    const zero = lanes === 1 ? '0.0' : `vec${lanes}f(0)`;
    const inside = `u32(column * ${x.inputStride} + ${offset}) < u32(sizes[2].w)`;
    return `let ${nameOf(offset)} = ${isWhole ? read : `select(${zero}, ${read}, ${inside})`};`;
  });
  const held = QUAD / lanes;
  const weights = upTo(blocksOf(tile)).flatMap(b =>
    upTo(Math.ceil(count / held)).flatMap(m => [
      `let held_${b}_${m} = weights[weight + 4 * sizes[3].z * (${b} * TAPS + ${m * held * x.kernelStep})];`,
      ...upTo(QUAD).flatMap(i => {
        const [tap, lane] = [m * held + Math.floor(i / lanes), i % lanes];
        return tap < count ? [`let w${b}_${tap}_${lane} = subgroupBroadcast(held_${b}_${m}, ${i}u);`] : [];
      }),
    ]),
  );
  // A sum of numbers, not of vectors, stays in a register.
  const sums = upTo(outputs).flatMap(o =>
    reads.map((all, p) => {
      const [b, one] = [Math.floor(o / LANES), 'xyzw'[o % LANES]];
      const sum = `sum${b}_${p}.${one}`;
      const terms = all.flatMap(([tap, column]) =>
        upTo(lanes).map(
          lane => `w${b}_${tap}_${lane}.${one}, ${nameOf(column)}${lanes === 1 ? '' : `.${'xyzw'[lane]}`}`,
        ),
      );
      return `${sum} = ${terms.reduce((made, term) => `fma(${term}, ${made})`, sum)};`;
    }),
  );
  return [...values, ...weights, ...sums];
}

/** The rows of the kernel that are in the picture: from `first` on, before `end`. */
function rowsCode(operation: Convolution): string {
  const { y } = operation;
  const { start, count } = tapsOf(y);
  if (staysInside(operation))
    return `let first_row = 0; let end_row = ${count}; let top = row * ${y.inputStride} + ${start};`;
  const step = Math.abs(y.inputStep);
  const [low, high] = y.inputStep > 0 ? ['-top', 'sizes[2].z - 1 - top'] : ['top - sizes[2].z + 1', 'top'];
  return `let top = row * ${y.inputStride} + ${start};
  let first_row = max(0, (${low} + ${step - 1}) / ${step});
  let end_row = min(${count}, (${high} + ${step}) / ${step});`;
}

export function compileRowConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { inputs, output, weights, y, x } = operation;
  const [n, , height, width] = output.shape;
  const tile = findTile(operation);
  const { run, lanes } = tile;
  const blocks = blocksOf(tile);
  const [, , kh, kw] = weights.dims;
  const [runs, tiles] = [Math.ceil(width / run), channelBlocks(output) / blocks];
  const { threads } = shader.context.config;
  shader.enableSubgroups();
  shader.readInputs();
  const unit = declareWeights(shader, operation, () => '', 'float32');
  const at = shader.size(runs, tiles, (inputs[0]?.shape[1] ?? 0) / lanes);
  shader.finish(() => scaleShiftCode(shader, operation, unit));
  const sums = upTo(blocks).flatMap(b => upTo(run).map(p => `sum${b}_${p}`));
  shader.add(`const TAPS = ${kh * kw};`);
  const kernel = shader.kernel(
    `
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = (i32(group.x) + i32(group.y) * 65535) * ${threads} + i32(local);
  let lane = i32(local) % ${QUAD};
  let image = index % sizes[0].x;
  let row = index / sizes[0].x % sizes[0].z;
  let column = index / (sizes[0].x * sizes[0].z) % sizes[${at}].x * ${run};
  let c = index / (sizes[0].x * sizes[0].z * sizes[${at}].x) * ${blocks};
  if (c >= sizes[1].z) {
    return;
  }
${sums.map(name => `  var ${name} = vec4f(0);`).join('\n')}
  ${rowsCode(operation)}
  // One loop: each has to pass on all sums.
  var j = first_row;
  var k = 0;
  while (j < end_row) {
    let above = (image * sizes[2].z + top + j * ${y.inputStep}) * sizes[2].w * sizes[3].x + sizes[3].y;
    let tap = c * TAPS + (${tapsOf(y).first} + j * ${y.kernelStep}) * ${kw} + ${tapsOf(x).first} + lane / ${lanes} * ${x.kernelStep};
    let line = above + k * ${lanes} / 4;
    let first = k * ${lanes} % 4;
    let weight = 4 * (tap * sizes[3].z + k * ${lanes} / 4) + first + lane % ${lanes};
${productCode(operation, tile).join('\n')}
    k++;
    if (k == sizes[${at}].z) {
      k = 0;
      j++;
    }
  }
  let sums = array<vec4f, ${sums.length}>(${sums.join(', ')});
  for (var b = 0; b < ${blocks}; b++) {
    take_once(c + b);
    for (var p = 0; p < ${run} && column + p < sizes[0].w; p++) {
      put(sums[b * ${run} + p], image, row, column + p, c + b);
    }
  }
}`,
    linearWorkgroups(n * height * runs * tiles, threads),
  );
  return readOnce(kernel);
}
