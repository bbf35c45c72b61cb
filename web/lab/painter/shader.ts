/** A network of a place as a fragment shader that reads its weights from a texture: for showing. */
import {
  type Activation,
  GRID_CHANNELS,
  gridName,
  namesOf,
  type PixelNetwork,
  type Weights,
} from './network.ts';

/** Texels in a row of the texture. */
export const ROW = 1024;
export const LANES = 4;

/** Vectors of four for so many numbers. */
export const blocks = (count: number): number => Math.ceil(count / LANES);

export const ACTS: Readonly<Record<Activation, (x: string) => string>> = {
  sigmoid: x => `1. / (1. + exp(-(${x})))`,
  // Some GPUs give NaN for the tanh of large numbers.
  tanh: x => `tanh(clamp(${x}, -9., 9.))`,
  relu: x => `max(${x}, 0.)`,
  step: x => `vec4(greaterThan(${x}, vec4(0.)))`,
  identity: x => x,
  sine: x => `sin(${x})`,
};

/** A number as GLSL has it. */
export function literal(value: number): string {
  const text = String(Number(value.toPrecision(7)));
  return /[.e]/.test(text) ? text : `${text}.`;
}

export const inputCode = (network: PixelNetwork): string =>
  network.inputs > 2
    ? 'vec4[2](vec4(at, length(at), latent.x), vec4(latent.y, 0., 0., 0.))'
    : 'vec4[1](vec4(at, 0., 0.))';

/** Reads a table whose nodes `number` gives, from `base` on. */
export const GRID_CODE = `vec4 grid(int base, int side, vec2 at) {
  vec2 p = clamp((at + 1.) * .5, 0., 1.) * float(side - 1);
  ivec2 corner = min(ivec2(p), side - 2);
  vec2 f = p - vec2(corner);
  int i = base + corner.y * side + corner.x;
  return mix(mix(number(i), number(i + 1), f.x), mix(number(i + side), number(i + side + 1), f.x), f.y);
}`;

/** What all tables say of a place, as an array of vectors. */
export const readGrids = ({ grids }: PixelNetwork): string => {
  let base = 0;
  const read = grids.map(side => {
    const code = `grid(${base}, ${side}, at)`;
    base += side * side;
    return code;
  });
  return `vec4[${read.length}](${read.join(', ')})`;
};

/** The shader that reads its numbers as `packWeights` has them. */
export function showingShader(network: PixelNetwork): string {
  const lines: string[] = [];
  let base = network.grids.reduce((sum, side) => sum + side * side, 0);
  let values = 'place';
  if (network.grids.length > 0) {
    lines.push(`  vec4 features[${network.grids.length}] = ${readGrids(network)};`);
    values = 'features';
  }
  network.layers.forEach(({ from, to, act, factor }, i) => {
    const [rows, columns] = [blocks(to), blocks(from)];
    lines.push(`  vec4 layer${i}[${rows}];
  for (int o = 0; o < ${rows}; o++) {
    vec4 s = number(${base} + o);
    for (int i = 0; i < ${columns}; i++) {
      int k = ${base + rows} + (o * ${columns} + i) * 4;
      vec4 v = ${values}[i];
      s += v.x * number(k) + v.y * number(k + 1) + v.z * number(k + 2) + v.w * number(k + 3);
    }
    layer${i}[o] = ${ACTS[act](factor === 1 ? 's' : `${literal(factor)} * s`)};
  }`);
    base += rows + rows * columns * LANES;
    values = `layer${i}`;
  });
  return `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D numbers;
uniform vec4 view;
uniform vec2 size;
uniform vec2 latent;
out vec4 colour;
vec4 number(int i) { return texelFetch(numbers, ivec2(i % ${ROW}, i / ${ROW}), 0); }
${GRID_CODE}
void main() {
  vec2 at = mix(view.xy, view.zw, vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) / size);
  vec4 place[${blocks(network.inputs)}] = ${inputCode(network)};
${lines.join('\n')}
  colour = vec4(clamp(${values}[0].rgb, 0., 1.), 1.);
}`;
}

/** All numbers as texels of four: tables, then of each layer biases and columns of four outputs. */
export function packWeights(network: PixelNetwork, weights: Weights): Float32Array {
  const numbers =
    network.grids.reduce((sum, side) => sum + GRID_CHANNELS * side * side, 0) +
    network.layers.reduce((sum, { from, to }) => sum + LANES * blocks(to) * (1 + LANES * blocks(from)), 0);
  const texels = new Float32Array(Math.ceil(numbers / LANES / ROW) * ROW * LANES);
  let next = 0;
  for (const side of network.grids) {
    const table = weights.get(gridName(side));
    for (let i = 0; i < side * side; i++) {
      for (let channel = 0; channel < GRID_CHANNELS; channel++) {
        texels[next++] = table?.[channel * side * side + i] ?? 0;
      }
    }
  }
  for (const one of network.layers) {
    const [weight, bias] = namesOf(one).map(name => weights.get(name));
    const [rows, columns] = [blocks(one.to), blocks(one.from)];
    texels.set(bias ?? [], next);
    next += rows * LANES;
    for (let o = 0; o < rows; o++) {
      for (let input = 0; input < columns * LANES; input++) {
        for (let lane = 0; lane < LANES; lane++, next++) {
          const unit = o * LANES + lane;
          if (unit < one.to && input < one.from) texels[next] = weight?.[unit * one.from + input] ?? 0;
        }
      }
    }
  }
  return texels;
}
