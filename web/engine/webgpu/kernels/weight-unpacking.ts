// Code that reads weights as `pack-weights.ts` lays them out. They are widened as they are loaded, by WGSL's unpack
// functions, which need no extension, not even for half floats.

import type { Element } from '../../codegen/pack-weights.ts';

/** The stored value of a weight of 1: `unpack4x8unorm` and the like divide by the largest value. */
export const FULL_SCALE: Readonly<Record<Element, number>> = {
  float32: 1,
  float16: 1,
  uint16: 65535,
  uint8: 255,
};

const UNPACK: Readonly<Record<'float16' | 'uint16', string>> = {
  float16: 'unpack2x16float',
  uint16: 'unpack2x16unorm',
};

/** The type of the weights' array. */
export const WEIGHT_VECTOR: Readonly<Record<Element, string>> = {
  float32: 'vec4f',
  float16: 'vec4u',
  uint16: 'vec4u',
  uint8: 'vec4u',
};

/** Vectors of four words per block of weights. */
const VECTORS: Readonly<Record<Element, number>> = { float32: 4, float16: 2, uint16: 2, uint8: 1 };

type At = (vector: string) => string;
const storedVector =
  (type: Element): At =>
  vector =>
    `weights[${VECTORS[type]} * i + ${vector}]`;

/** The weights of input channel `k` in block `i`. `at` gives the block's vectors. */
function columnExpression(type: Element, k: number | 'lane', at: At = storedVector(type)): string {
  if (type === 'float32') return at(`${k}`);
  if (type === 'uint8') return `unpack4x8unorm(${at('0')}[${k}]) - zero`;
  const pair = (second: 0 | 1) => `${UNPACK[type]}(${at(`${k} / 2`)}[${k} % 2 * 2 + ${second}])`;
  return `vec4f(${pair(0)}, ${pair(1)}) - zero`;
}

/** `fn block(i, zero) -> Matrix`, with a column per input channel and a row per output channel: three for a picture,
 * else four. With `hasQuads`, four threads want the same block: each loads the weights of one input channel and
 * broadcasts them. */
export function blockCode(type: Element, rows: 3 | 4, hasQuads: boolean): string {
  const lanes = rows === 3 ? '.xyz' : '';
  const all = [0, 1, 2, 3];
  const vectors = all.slice(0, VECTORS[type]).map(vector => storedVector(type)(`${vector}`));
  const held = hasQuads
    ? `own = (${columnExpression(type, 'lane')})${lanes}`
    : `held = array<${WEIGHT_VECTOR[type]}, ${vectors.length}>(${vectors.join(', ')})`;
  const columns = all.map(k =>
    hasQuads
      ? `subgroupBroadcast(own, ${k}u)`
      : `(${columnExpression(type, k, vector => `held[${vector}]`)})${lanes}`,
  );
  return `alias Sum = vec${rows}f;
alias Matrix = mat4x${rows}f;
fn block(i: i32, zero: vec4f) -> Matrix {
  let ${held};
  return Matrix(${columns.join(', ')});
}`;
}

/** `fn column_k(i, zero) -> vec4f`: the weights of input channel k in block i. */
export const columnCode = (type: Element, k: number): string =>
  `fn column_${k}(i: i32, zero: vec4f) -> vec4f {\n  return ${columnExpression(type, k)};\n}`;

/** `fn column_of(i, lane, zero) -> vec4f`: the weights of input channel `lane` in block i. */
export const anyColumnCode = (type: Element): string =>
  `fn column_of(i: i32, lane: i32, zero: vec4f) -> vec4f {\n  return ${columnExpression(type, 'lane')};\n}`;
