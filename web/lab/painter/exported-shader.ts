/** A network of a place as a fragment shader that one can take along: its numbers are in the text. Tables of grids, for which
 * a text has no room, are in a picture beside it. */
import { gridName, type PixelNetwork, type Weights } from './network.ts';
import { ACTS, blocks, GRID_CODE, inputCode, LANES, literal, packWeights, readGrids } from './shader.ts';

export const TABLES_FILE = 'limner-painting-tables.png';

/** Numbers that a shader can have in its text: compilers give up on longer ones. */
const MAX_NUMBERS = 60_000;
/** Pixels in a row of the picture of tables. */
const ROW = 256;
/** A node has four numbers of two bytes each, in the colours of three pixels. */
const PIXELS = 3;
const MOST = 2 ** 16 - 1;

const literals = (values: readonly number[]): string => values.map(literal).join(',');

/** The least number of a table, and the difference to the largest. */
function rangeOf(table: Float32Array): readonly [least: number, span: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of table) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most - least];
}

const tableOf = (weights: Weights, side: number): Float32Array => {
  const table = weights.get(gridName(side));
  if (!table) throw new Error(`The network has no table of ${side} nodes a side.`);
  return table;
};

/** The tables of a network as a picture without transparency, row by row; null if it has none. */
export function tablePicture(
  { grids }: PixelNetwork,
  weights: Weights,
): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } | null {
  if (grids.length === 0) return null;
  const nodes = grids.reduce((sum, side) => sum + side * side, 0);
  const height = Math.ceil((PIXELS * nodes) / ROW);
  const data = new Uint8ClampedArray(4 * ROW * height).fill(255);
  let pixel = 0;
  for (const side of grids) {
    const table = tableOf(weights, side);
    const [least, span] = rangeOf(table);
    for (let node = 0; node < side * side; node++, pixel += PIXELS) {
      for (let lane = 0; lane < LANES; lane++) {
        const value = table[lane * side * side + node] ?? 0;
        const whole = span > 0 ? Math.round((MOST * (value - least)) / span) : 0;
        for (const [half, byte] of [whole >> 8, whole & 255].entries()) {
          const place = 2 * lane + half;
          data[4 * (pixel + Math.floor(place / 3)) + (place % 3)] = byte;
        }
      }
    }
  }
  return { width: ROW, height, data };
}

/** What reads the nodes of all tables from their picture. */
function tableCode({ grids }: PixelNetwork, weights: Weights): string {
  let end = 0;
  const ranges = grids.map(side => {
    end += side * side;
    return `i < ${end} ? vec2(${literals(rangeOf(tableOf(weights, side)))})`;
  });
  return `// The tables are in ${TABLES_FILE}, two bytes a number. Load it with its first row first, without mipmaps, and without any
// change of colours (no sRGB, no premultiplied alpha).
uniform sampler2D tables;
vec3 bytes(int i) { return floor(texelFetch(tables, ivec2(i % ${ROW}, i / ${ROW}), 0).rgb * 255. + .5); }
vec4 number(int i) {
  vec3 a = bytes(${PIXELS} * i), b = bytes(${PIXELS} * i + 1), c = bytes(${PIXELS} * i + 2);
  vec2 range = ${ranges.join(' : ')} : vec2(0.);
  return range.x + range.y / ${MOST}. * (256. * vec4(a.x, a.z, b.y, c.x) + vec4(a.y, b.x, b.z, c.y));
}
${GRID_CODE}
`;
}

/** A WebGL2 fragment shader; with grids, it reads their tables from `tablePicture`. Throws if it is too long. */
export function exportedShader(network: PixelNetwork, weights: Weights, [z1, z2]: readonly number[]): string {
  const texels = packWeights({ ...network, grids: [] }, weights);
  if (texels.length > MAX_NUMBERS) {
    throw new Error(
      `The layers have ${texels.length.toLocaleString('en')} numbers, and the text of a shader can hold ${MAX_NUMBERS.toLocaleString('en')}. Choose fewer units, or save the network as ONNX.`,
    );
  }
  const hasGrids = network.grids.length > 0;
  const lines: string[] = [];
  let base = 0;
  const four = (texel: number) => Array.from(texels.subarray(texel * LANES, (texel + 1) * LANES));
  const inputs = hasGrids ? network.grids.length : blocks(network.inputs);
  let values = Array.from({ length: inputs }, (_, i) => `place[${i}]`);
  network.layers.forEach(({ from, to, act, factor }, index) => {
    const [rows, columns] = [blocks(to), blocks(from)];
    const made = Array.from({ length: rows }, (_, o) => `h${index}_${o}`);
    made.forEach((name, o) => {
      const terms = values.map((value, i) => {
        const k = base + rows + (o * columns + i) * LANES;
        return `mat4(${literals([0, 1, 2, 3].flatMap(c => four(k + c)))}) * ${value}`;
      });
      const sum = [...terms, `vec4(${literals(four(base + o))})`].join('\n    + ');
      lines.push(`  vec4 ${name} = ${ACTS[act](factor === 1 ? sum : `${literal(factor)} * (${sum})`)};`);
    });
    base += rows + rows * columns * LANES;
    values = made;
  });
  return `#version 300 es
// A picture that is a network, from the lab of limner. The places of the picture are -1 to 1, with y downwards.
// On Shadertoy: leave out the lines up to "out", and end with
// void mainImage(out vec4 c, vec2 p) { vec2 r = iResolution.xy; c = vec4(paint((2. * vec2(p.x, r.y - p.y) - r) / r), 1.); }
precision highp float;
uniform vec2 size;
out vec4 colour;
${hasGrids ? tableCode(network, weights) : ''}vec3 paint(vec2 at) {
  const vec2 latent = vec2(${literals([z1 ?? 0, z2 ?? 0])});
  vec4 place[${inputs}] = ${hasGrids ? readGrids(network) : inputCode(network)};
${lines.join('\n')}
  return clamp(${values[0]}.rgb, 0., 1.);
}
void main() { colour = vec4(paint(2. * vec2(gl_FragCoord.x, size.y - gl_FragCoord.y) / size - 1.), 1.); }
`;
}
