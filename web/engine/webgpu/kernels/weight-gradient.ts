// Kernels of gradients by the weights of convolutions. A thread sums the products of a tile of weights over its part of
// the pixels: some blocks of output channels, some of input channels, and some taps of the kernel. It reads what a run of
// pixels needs once for all of them. Parts are added up later, in one order, so that no sum depends on luck.

import type { ConvWeightGradient } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { KernelConfig } from './config.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { fitWidth } from './step-config.ts';

/** Sums of four numbers that a thread has, at most, and pixels of a run. A GPU has few registers for a thread; a software GPU
 * has memory, and loads cost it most. */
const GPU_SUMS = 32;
const GPU_RUN = 4;
const SOFTWARE_SUMS = 64;
/** Of a software GPU, whose time to compile is that of the products in the text. */
const MAX_RUN = 16;
const MAX_PRODUCTS = 1600;
const QUAD = 4;
/** Taps along a row from which on they are shared out among threads. */
const MAX_TAPS = 8;

/** The weights of one thread. */
interface Tile {
  readonly outputs: number;
  readonly inputs: number;
  readonly rows: number;
  readonly columns: number;
  /** Input channels, if there are fewer than a block; else four. */
  readonly lanes: number;
  /** Neighbouring pixels that are added up at once. */
  readonly run: number;
}

interface Geometry {
  /** Whether the threads of a quad have the same pixels and inputs, with other outputs, so that each loads a part. */
  readonly isShared: boolean;
  readonly operation: ConvWeightGradient;
  readonly from: Tensor;
  readonly gradient: Tensor;
  readonly kernel: readonly [number, number];
  readonly tile: Tile;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Grows the tile while it is within the sums of a thread: all rows of a kernel for few channels, else more blocks. On a real
 * GPU only while enough threads are left: a thread more is worth more there than a load less. */
function findTile(
  from: Tensor,
  gradient: Tensor,
  [kh, kw]: readonly [number, number],
  parts: number,
  { minThreads }: KernelConfig,
): Tile {
  const isReal = minThreads > 0;
  const [most, maxBlocks] = isReal ? [GPU_SUMS, 2] : [SOFTWARE_SUMS, 4];
  const columns = Math.min(kw, MAX_TAPS);
  const lanes = Math.min(LANES, from.shape[1]);
  const blocks = channelBlocks(gradient) * channelBlocks(from);
  const isEnough = (rows: number, joined: number) =>
    (parts * blocks * Math.ceil(kh / rows) * Math.ceil(kw / columns)) / joined >= minThreads;
  const rows = kh * columns * lanes <= most && isEnough(kh, 1) ? kh : 1;
  let [outputs, inputs] = [1, 1];
  const sums = () => rows * columns * lanes * outputs * inputs;
  const canDouble = (blocks: number, tensor: Tensor) =>
    blocks < maxBlocks &&
    channelBlocks(tensor) % (2 * blocks) === 0 &&
    2 * sums() <= most &&
    isEnough(rows, 2 * outputs * inputs);
  for (let grows = true; grows; ) {
    grows = false;
    if (isReal && canDouble(outputs, gradient)) [outputs, grows] = [2 * outputs, true];
    if (canDouble(inputs, from)) [inputs, grows] = [2 * inputs, true];
    else if (!isReal && canDouble(outputs, gradient)) [outputs, grows] = [2 * outputs, true];
  }
  const longest = Math.min(MAX_RUN, Math.floor(MAX_PRODUCTS / (LANES * sums())));
  const run = isReal ? GPU_RUN : fitWidth(gradient.shape[3], longest);
  return { outputs, inputs, rows, columns, lanes, run };
}

/** Whether some thread reads beyond the columns of the input. */
function readsBeyond({ operation, from, gradient, kernel, tile: { run } }: Geometry): boolean {
  const { strides, dilations, before } = operation;
  const runs = Math.ceil(gradient.shape[3] / run) * run;
  const last = (runs - 1) * strides[1] - before[1] + (kernel[1] - 1) * dilations[1];
  return before[1] > 0 || last >= from.shape[3];
}

/** Whether some thread reads beyond the rows of the input. */
function leavesRows({ operation, from, gradient, kernel, tile }: Geometry): boolean {
  const { strides, dilations, before } = operation;
  const taps = Math.ceil(kernel[0] / tile.rows) * tile.rows;
  const last = (gradient.shape[2] - 1) * strides[0] - before[0] + (taps - 1) * dilations[0];
  return before[0] > 0 || last >= from.shape[2];
}

const sumName = (o: number, i: number, row: number, column: number, lane: number): string =>
  `sum_${o}_${i}_${row}_${column}_${lane}`;

/** Calls `make` for each sum of a thread. */
function eachSum(
  { outputs, inputs, rows, columns, lanes }: Tile,
  make: (o: number, i: number, row: number, column: number, lane: number) => string[],
): string[] {
  return upTo(outputs).flatMap(o =>
    upTo(inputs).flatMap(i =>
      upTo(rows).flatMap(row =>
        upTo(columns).flatMap(column => upTo(lanes).flatMap(lane => make(o, i, row, column, lane))),
      ),
    ),
  );
}

/** The loads and products of a run of pixels. With four input channels a sum has them, for one output channel; with fewer,
 * it has four output channels, for one of them. */
function runCode(geometry: Geometry, hasBias: boolean): string[] {
  const { operation, gradient, tile } = geometry;
  const { strides, dilations } = operation;
  const isChecked = readsBeyond(geometry);
  const hasTail = gradient.shape[3] % tile.run !== 0;
  const offsetOf = (p: number, column: number) => p * strides[1] + column * dilations[1];
  const offsets = [
    ...new Set(upTo(tile.run).flatMap(p => upTo(tile.columns).map(column => offsetOf(p, column)))),
  ];
  const gradients = upTo(tile.run).flatMap(p =>
    upTo(tile.outputs).map(o => {
      const read = `block_1(line + (column + ${p}) * sizes[5].x + ${o})`;
      return `let g${p}_${o} = ${hasTail && p > 0 ? `select(vec4f(0), ${read}, column + ${p} < sizes[4].w)` : read};`;
    }),
  );
  const word = tile.lanes === LANES ? '' : `.${'xyzw'.slice(0, tile.lanes)}`;
  const zero = tile.lanes === LANES ? 'vec4f(0)' : tile.lanes === 1 ? '0.0' : `vec${tile.lanes}f(0)`;
  const nameOf = (row: number, k: number) => `x${row}_${Math.floor(k / tile.inputs)}_${k % tile.inputs}`;
  const value = (row: number, offset: string, i: string) => {
    const read = `input_0[source_${row} + (from_x + ${offset}) * sizes[3].x + ${i}]${word}`;
    const inside = [
      ...(isChecked ? [`u32(from_x + ${offset}) < u32(sizes[2].w)`] : []),
      ...(leavesRows(geometry) ? [`inside_${row}`] : []),
    ];
    return inside.length > 0 ? `select(${zero}, ${read}, ${inside.join(' && ')})` : read;
  };
  const count = offsets.length * tile.inputs;
  const values = upTo(tile.rows).flatMap(row => {
    if (!geometry.isShared) {
      return upTo(count).map(k => {
        const offset = offsets[Math.floor(k / tile.inputs)];
        return `let ${nameOf(row, k)} = ${value(row, `${offset}`, `${k % tile.inputs}`)};`;
      });
    }
    return upTo(Math.ceil(count / QUAD)).flatMap(q => {
      const k = `(${q * QUAD} + lane)`;
      const held = `held${row}_${q}`;
      return [
        `let ${held} = ${value(row, `${k} / ${tile.inputs}`, `${k} % ${tile.inputs}`)};`,
        ...upTo(Math.min(QUAD, count - q * QUAD)).map(
          i => `let ${nameOf(row, q * QUAD + i)} = subgroupBroadcast(${held}, ${i}u);`,
        ),
      ];
    });
  });
  // A software GPU keeps a sum of numbers in a register, and one of vectors in memory. Numbers that are no channels are
  // left out, if all threads have the same channels.
  const [from] = operation.inputs;
  const known = tile.lanes === LANES ? ([from, tile.inputs] as const) : ([gradient, tile.outputs] as const);
  const isAll = known[0] && channelBlocks(known[0]) === known[1];
  const products = eachSum(tile, (o, i, row, column, lane) =>
    upTo(LANES).flatMap(k => {
      const block = tile.lanes === LANES ? i : o;
      if (isAll && LANES * block + k >= (known[0]?.shape[1] ?? 0)) return [];
      const sum = `${sumName(o, i, row, column, lane)}.${'xyzw'[k]}`;
      const made = upTo(tile.run).reduce((made, p) => {
        const x = `x${row}_${offsets.indexOf(offsetOf(p, column))}_${i}`;
        const [one, other] = tile.lanes === LANES ? [k, lane] : [lane, k];
        return `fma(${x}${tile.lanes === 1 ? '' : `.${'xyzw'[one]}`}, g${p}_${o}.${'xyzw'[other]}, ${made})`;
      }, sum);
      return [`${sum} = ${made};`];
    }),
  );
  const bias = upTo(hasBias ? tile.outputs : 0).map(
    o =>
      `bias_${o} += ${upTo(tile.run)
        .map(p => `g${p}_${o}`)
        .join(' + ')};`,
  );
  return [...gradients, ...values, ...products, ...bias];
}

/** Stores the sums, in loops: a thread does it once, and the text is short. A number of a sum is that of an input channel,
 * if a sum has four of them, else that of an output channel. */
const storeCode = ({ tile }: Geometry, isFlat: boolean): string[] => {
  const { outputs, inputs, rows, columns, lanes } = tile;
  const names = eachSum(tile, (...all) => [sumName(...all)]);
  const at = (lane: string) => `all[${lanes} * at + ${lane}]`;
  const place = `4 * (c_out + o) + OUTPUT, CHANNEL, k_y + row, k_x + column);`;
  const isWhole = lanes === LANES;
  const number = (lane: string, k: string) =>
    `keep(${at(lane)}[${k}], part, ${place}`
      .replace('OUTPUT', isWhole ? lane : k)
      .replace('CHANNEL', `4 * (c_in + i) + ${isWhole ? k : lane}`);
  const block = isWhole
    ? at('k')
    : `vec4f(${upTo(LANES).map(lane => (lane < lanes ? `${at(`${lane}`)}[k]` : '0'))})`;
  const store = isFlat
    ? `for (var lane = 0; lane < ${lanes}; lane++) { ${number('lane', 'k')} }`
    : `keep(${block}, part, ${place}`.replace('OUTPUT', 'k').replace('CHANNEL', 'c_in + i');
  return [
    `var all = array<vec4f, ${names.length}>(${names.join(', ')});`,
    'var at = 0;',
    `for (var o = 0; o < ${outputs}; o++) { for (var i = 0; i < ${inputs}; i++) {`,
    `for (var row = 0; row < ${rows}; row++) { for (var column = 0; column < ${columns}; column++) {`,
    `for (var k = 0; k < 4; k++) { ${store} }`,
    'at++;',
    '} } } }',
  ];
};

const KEEP_BLOCK = `fn keep(value: vec4f, part: i32, output: i32, c: i32, k_y: i32, k_x: i32) {
  if (output < sizes[4].y && k_y < KERNEL.x && k_x < KERNEL.y) {
    store(value, part * sizes[4].y + output, k_y, k_x, c);
  }
}`;
const KEEP_NUMBER = `fn keep(value: f32, part: i32, output: i32, channel: i32, k_y: i32, k_x: i32) {
  if (output < sizes[4].y && channel < sizes[2].y && k_y < KERNEL.x && k_x < KERNEL.y) {
    let at = ((output * sizes[2].y + channel) * KERNEL.x + k_y) * KERNEL.y + k_x;
    changes[4 * (part * sizes[1].x + sizes[1].y) + at] = value;
  }
}`;
/** `at` is the index of the size that says where the biases lie. */
const keepBias = (at: number): string => `fn keep_bias(value: vec4f, part: i32, c: i32) {
  for (var lane = 0; lane < 4; lane++) {
    if (4 * c + lane < sizes[4].y) {
      changes[4 * (part * sizes[${at}].x + sizes[${at}].y + c) + lane] = value[lane];
    }
  }
}`;

/** The parts of a kernel that depend on its tile. */
interface TileCode {
  readonly isShared: boolean;
  readonly declarations: readonly string[];
  readonly sources: readonly string[];
  readonly run: readonly string[];
  readonly stores: readonly string[];
}

/** Neighbouring threads have neighbouring input channels, or output channels if they share the inputs. */
const bodyCode = ({ isShared, declarations, sources, run, stores }: TileCode): string => `
@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let tiles = sizes[TILES];
  let parts = sizes[TILES + 1].x;
  let index = (i32(group.x) + i32(group.y) * 65535) * THREADS + i32(local);
  let lane = i32(local) % 4;
  let c_in = ${isShared ? 'index / tiles.y % tiles.x' : 'index % tiles.x'} * TILE.y;
  let c_out = ${isShared ? 'index % tiles.y' : 'index / tiles.x % tiles.y'} * TILE.x;
  let tap = index / (tiles.x * tiles.y);
  let k_y = tap % tiles.z * TILE.z;
  let k_x = tap / tiles.z % tiles.w * TILE.w;
  let part = tap / (tiles.z * tiles.w);
  if (part >= parts) {
    return;
  }
${declarations.join('\n')}
  // One loop: an inner one would pass on all sums once more, which are many.
  var spot = part;
  var column = 0;
  while (spot < sizes[4].x * sizes[4].z) {
    let image = spot / sizes[4].z;
    let from_y = spot % sizes[4].z * STRIDE.x - BEFORE.x + k_y * DILATION.x;
${sources.join('\n')}
    let line = spot * sizes[4].w * sizes[5].x + sizes[5].y + c_out;
    let from_x = column * STRIDE.y - BEFORE.y + k_x * DILATION.y;
${run.join('\n')}
    column += RUN;
    if (column >= sizes[4].w) {
      column = 0;
      spot += parts;
    }
  }
${stores.join('\n')}
}`;

/** For plain convolutions without groups. */
export function compileWeightGradient(shader: ShaderBuilder, operation: ConvWeightGradient): Kernel {
  const { inputs, output, flat, strides, dilations, before, parts } = operation;
  const [from = output, gradient = output] = inputs;
  const kernel = flat?.kernel ?? [output.shape[2], output.shape[3]];
  const tile = findTile(from, gradient, kernel, parts, shader.context.config);
  const { plan, config } = shader.context;
  const outTiles = Math.ceil(channelBlocks(gradient) / tile.outputs);
  const isPlain = `${[strides[1], dilations[1]]}` === '1,1';
  const isShared = config.minThreads === 0 && config.hasQuads && isPlain && outTiles % QUAD === 0;
  const geometry = { operation, from, gradient, kernel, tile, isShared };
  if (isShared) shader.enableSubgroups();
  shader.readInputs();
  const inTiles = Math.ceil(channelBlocks(from) / tile.inputs);
  const [rowTiles, columnTiles] = [Math.ceil(kernel[0] / tile.rows), Math.ceil(kernel[1] / tile.columns)];
  const at = shader.size(inTiles, outTiles, rowTiles, columnTiles);
  const place = flat?.bias ? plan.slices.get(flat.bias) : undefined;
  shader.size(parts);
  const biasAt = place ? shader.size(place.stride, place.offset) : 0;
  shader.add(`const TILES = ${at};
const RUN = ${tile.run};
const THREADS = ${config.threads};
const TILE = vec4i(${tile.outputs}, ${tile.inputs}, ${tile.rows}, ${tile.columns});
const KERNEL = vec2i(${kernel});
const STRIDE = vec2i(${strides});
const DILATION = vec2i(${dilations});
const BEFORE = vec2i(${before});`);
  if (flat) {
    const buffer = plan.slices.get(output)?.buffer ?? 0;
    shader.bind({ kind: 'write', buffer }, 'var<storage, read_write> changes: array<f32>');
    shader.declareShared();
    shader.add(KEEP_NUMBER);
    if (place) shader.add(keepBias(biasAt));
  } else {
    shader.finish();
    shader.add(KEEP_BLOCK);
  }
  const sums = eachSum(tile, (...all) => [`var ${sumName(...all)} = vec4f(0);`]);
  const biases = upTo(place ? tile.outputs : 0);
  const sources = upTo(tile.rows).flatMap(row => [
    `let y_${row} = from_y + ${row} * DILATION.x;`,
    `let inside_${row} = y_${row} >= 0 && y_${row} < sizes[2].z;`,
    `let source_${row} = (image * sizes[2].z + y_${row}) * sizes[2].w * sizes[3].x + sizes[3].y + c_in;`,
  ]);
  const stores = storeCode(geometry, flat !== undefined);
  const body = bodyCode({
    isShared,
    declarations: [...sums, ...biases.map(o => `var bias_${o} = vec4f(0);`)],
    sources,
    run: runCode(geometry, Boolean(place)),
    stores: [
      ...stores,
      ...(place
        ? [
            'if (c_in == 0 && k_y == 0 && k_x == 0) {',
            ...biases.map(o => `keep_bias(bias_${o}, part, c_out + ${o});`),
            '}',
          ]
        : []),
    ],
  });
  return shader.kernel(
    body,
    linearWorkgroups(parts * inTiles * outTiles * rowTiles * columnTiles, config.threads),
  );
}
