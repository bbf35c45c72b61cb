// Draws of gradients by the weights of convolutions: one sums products over parts of the pixels (`weight-tiles.ts`), another
// adds up the parts.

import type { ConvWeightGradient } from '../../graph/ir/operation.ts';
import { LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { Draw } from './draw.ts';
import { elementwiseDraw, startShader } from './elementwise.ts';
import type { ShaderBuilder } from './shader.ts';
import type { SumOfProducts, WeightProducts } from './step.ts';
import { rowCode, texelCode } from './texel-row.ts';
import type { TextureLayout, TextureLayouts } from './texture-layout.ts';
import { sumsOf, type WeightTiling } from './weight-tiles.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The draw of products, as its parts see it. */
interface Products {
  readonly operation: ConvWeightGradient;
  readonly tiling: WeightTiling;
  readonly from: Tensor;
  readonly gradient: Tensor;
  readonly layouts: { readonly from: TextureLayout; readonly gradient: TextureLayout };
}

export function compileWeightProducts(layouts: TextureLayouts, step: WeightProducts): Draw {
  const { operation, tiling, output } = step;
  const [from = output, gradient = output] = step.inputs;
  const shader = startShader(layouts, { ...step, kind: 'elementwise', epilogue: { kind: 'value' } });
  const products = {
    operation,
    tiling,
    from,
    gradient,
    layouts: { from: layouts.get(from), gradient: layouts.get(gradient) },
  };
  return shader.draw(productsCode(shader, products));
}

function productsCode(shader: ShaderBuilder, products: Products): string {
  const { operation, tiling, layouts, gradient } = products;
  const { tile, parts, laneTiles } = tiling;
  const { strides, dilations, before } = operation;
  const counts = shader.size(tiling.inputs, tiling.outputs, tiling.columns, laneTiles);
  const more = shader.size(tiling.weights, tiling.all, parts);
  const { wide } = layouts.gradient;
  const [whole, tail] = [Math.floor(gradient.shape[3] / wide), gradient.shape[3] % wide];
  const sums = upTo(sumsOf(tile));
  const loop =
    whole > 0
      ? `for (int texel = 0; texel < ${whole}; texel++) {
      ${runCode(products, wide).join('\n      ')}
      gradient_at.x += 1;
      from_x += ${wide * strides[1]};
    }`
      : '';
  return `void main() {
  OutputPosition at = outputPosition();
  if (!at.inside) {
    discard;
  }
  int part = at.n / ${more}.y;
  int tile = at.n - part * ${more}.y;
  bool is_bias = tile >= ${more}.x;
  tile = is_bias ? tile - ${more}.x : tile;
  int first_lane = tile % ${counts}.w * ${tile.lanes};
  tile /= ${counts}.w;
  int tiles_in = is_bias ? 1 : ${counts}.x;
  int c_in = tile % tiles_in * ${tile.inputs};
  tile /= tiles_in;
  int c_out = tile % ${counts}.y;
  tile /= ${counts}.y;
  int k_x = tile % ${counts}.z * ${tile.columns};
  int k_y = tile / ${counts}.z;
  ${sums.map(i => `vec4 s${i} = vec4(0);`).join(' ')}
  for (int line = part; line < sizes[4].x * sizes[4].z; line += ${more}.z) {
    int image = line / sizes[4].z;
    int row = line - image * sizes[4].z;
    int from_y = row * ${strides[0]} - ${before[0]} + k_y * ${dilations[0]};
    if (!is_bias && (from_y < 0 || from_y >= sizes[2].z)) {
      continue;
    }
    ${rowCode('gradient_at', 1, layouts.gradient, { image: 'image', block: 'c_out', row: 'row' })}
    ${upTo(tile.inputs)
      .map(i =>
        rowCode(`from_${i}`, 0, layouts.from, { image: 'image', block: `c_in + ${i}`, row: 'from_y' }),
      )
      .join('\n    ')}
    int from_x = k_x * ${dilations[1]} - ${before[1]};
    ${loop}
    ${tail > 0 ? runCode(products, tail).join('\n    ') : ''}
  }
  vec4 made[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) {
    made[i] = vec4(0);
  }
  ${sums.map(i => `made[${i}] = s${i};`).join(' ')}
  store(made);
}`;
}

/** Whether some tap lies beyond the columns of the input. */
function readsBeyond({ operation, from, gradient }: Products): boolean {
  const { strides, dilations, before, flat, output } = operation;
  const kernelWidth = flat?.kernel[1] ?? output.shape[3];
  const last = (gradient.shape[3] - 1) * strides[1] - before[1] + (kernelWidth - 1) * dilations[1];
  return before[1] > 0 || last >= from.shape[3];
}

/** The fetches and products of neighbouring pixels. */
function runCode(products: Products, count: number): string[] {
  const { operation, tiling, layouts } = products;
  const { strides, dilations, flat } = operation;
  const { tile, laneTiles } = tiling;
  const isChecked = readsBeyond(products);
  const offsetOf = (p: number, column: number) => p * strides[1] + column * dilations[1];
  const offsets = [...new Set(upTo(count).flatMap(p => upTo(tile.columns).map(c => offsetOf(p, c))))];
  const gradients = upTo(count).map(
    p => `vec4 g${p} = texelFetch(input_1, gradient_at + ivec3(0, 0, ${p * layouts.gradient.deep}), 0);`,
  );
  const values = offsets.flatMap((offset, j) => {
    const x = `x${j}`;
    const step = texelCode(x, layouts.from);
    return [
      `int ${x} = from_x + ${offset};`,
      ...upTo(tile.inputs).map(i => {
        const fetched = `texelFetch(input_0, from_${i} + ${step}, 0)`;
        const inside = isChecked
          ? `mix(vec4(0), ${fetched}, bvec4(${x} >= 0 && ${x} < sizes[2].w))`
          : fetched;
        return `vec4 v${j}_${i} = ${flat?.bias ? `mix(${inside}, vec4(1), bvec4(is_bias))` : inside};`;
      }),
    ];
  });
  const laneOf = (lane: number) => (laneTiles === 1 ? `.${'xyzw'[lane]}` : `[first_lane + ${lane}]`);
  const sums = upTo(tile.columns).flatMap(column =>
    upTo(tile.inputs).flatMap(i =>
      upTo(tile.lanes).map(lane => {
        const terms = upTo(count).map(p => {
          const value = `v${offsets.indexOf(offsetOf(p, column))}_${i}`;
          return tile.isWhole ? `${value} * g${p}${laneOf(lane)}` : `g${p} * ${value}${laneOf(lane)}`;
        });
        return `s${(column * tile.inputs + i) * tile.lanes + lane} += ${terms.join(' + ')};`;
      }),
    ),
  );
  return [...gradients, ...values, ...sums];
}

/** Adds up the parts, into the weights' own shape or in their order. */
export function compileSumOfProducts(layouts: TextureLayouts, step: SumOfProducts): Draw {
  const { operation, tiling, output } = step;
  const { flat, inputs } = operation;
  const shader = startShader(layouts, {
    ...step,
    kind: 'elementwise',
    epilogue: step.epilogue ?? { kind: 'value' },
  });
  const [, channels] = (inputs[0] ?? output).shape;
  const [, outputs] = (inputs[1] ?? output).shape;
  const { tile } = tiling;
  const counts = shader.size(tiling.inputs, tiling.outputs, tiling.columns, tiling.laneTiles);
  const more = shader.size(tiling.weights, tiling.all, tiling.parts);
  shader.add(`
vec4 summed(int tile, int s) {
  vec4 sum = vec4(0);
  for (int part = 0; part < ${more}.z; part++) {
    sum += read_0(part * ${more}.y + tile, 0, 0, s);
  }
  return sum;
}
vec4 block(int o, int c, int lane, int k_y, int k_x) {
  int tile = (k_y * ${counts}.z + k_x / ${tile.columns}) * ${counts}.y + o / 4;
  tile = (tile * ${counts}.x + c / ${tile.inputs}) * ${counts}.w + lane / ${tile.lanes};
  return summed(tile, (k_x % ${tile.columns} * ${tile.inputs} + c % ${tile.inputs}) * ${tile.lanes} + lane % ${tile.lanes});
}
float number(int o, int i, int k_y, int k_x) {
  return ${tile.isWhole ? 'block(o, i / 4, o % 4, k_y, k_x)[i % 4]' : 'block(o, 0, i, k_y, k_x)[o % 4]'};
}`);
  if (!flat) return elementwiseDraw(shader, shapedCode(tile.isWhole, channels));
  const [kernelHeight, kernelWidth] = flat.kernel;
  const elements = outputs * channels * kernelHeight * kernelWidth;
  shader.add(`const int CHANNELS = ${channels};\nconst ivec2 KERNEL = ivec2(${flat.kernel});`);
  const isAligned = tile.isWhole && channels % LANES === 0 && kernelHeight * kernelWidth === 1;
  const bias = tile.isWhole
    ? `vec4(${upTo(LANES)
        .map(
          lane =>
            `summed(first + o * ${counts}.w + ${Math.floor(lane / tile.lanes)}, ${lane % tile.lanes}).x`,
        )
        .join(', ')})`
    : `summed(first + o * ${counts}.w, 0)`;
  const blocks = Math.ceil(elements / LANES);
  return elementwiseDraw(
    shader,
    `vec4 make(int n, int y, int x, int c) {
  ${flat.bias ? `if (c >= ${blocks}) { int first = ${more}.x; int o = c - ${blocks}; return ${bias}; }` : ''}
  ${isAligned ? ALIGNED : unalignedCode(elements)}
}`,
  );
}

const shapedCode = (isWhole: boolean, channels: number): string => `vec4 make(int n, int y, int x, int c) {
  ${
    isWhole
      ? 'return block(n, c, n % 4, y, x);'
      : `vec4 made = vec4(0);
  ${upTo(channels)
    .map(lane => `made[${lane}] = number(n, ${lane}, y, x);`)
    .join(' ')}
  return made;`
  }
}`;

const ALIGNED = 'return block(4 * c / CHANNELS, 4 * c % CHANNELS / 4, 4 * c / CHANNELS % 4, 0, 0);';

const unalignedCode = (elements: number): string => `vec4 made = vec4(0);
  for (int lane = 0; lane < 4; lane++) {
    int e = 4 * c + lane;
    if (e < ${elements}) {
      int pair = e / (KERNEL.x * KERNEL.y);
      made[lane] = number(pair / CHANNELS, pair % CHANNELS, e / KERNEL.y % KERNEL.x, e % KERNEL.y);
    }
  }
  return made;`;
