// Philox-4x32-10 (Salmon et al. 2011): random numbers as a function of a counter and a key, so that any element of any
// step can be drawn alone, in any order, on any machine. torch draws by it on GPUs. It needs nothing but 32-bit integers,
// which WGSL and GLSL have exactly, and passes BigCrush.

export const ROUNDS = 10;
/** Factors of a round, and what the key grows by. */
export const FACTORS = [0xd2511f53, 0xcd9e8d57] as const;
export const WEYL = [0x9e3779b9, 0xbb67ae85] as const;

/** The upper 32 bits of a product of two unsigned numbers, by halves of 16 bits. */
function multiplyHigh(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + Math.floor((a0 * b0) / 0x10000);
  const other = a0 * b1 + (middle % 0x10000);
  return a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
}

type Words = readonly [number, number, number, number];

/** Four random numbers of 32 bits. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [x, y, z, w] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = [multiplyHigh(FACTORS[0], x), Math.imul(FACTORS[0], x)];
    const [high1, low1] = [multiplyHigh(FACTORS[1], z), Math.imul(FACTORS[1], z)];
    [x, y, z, w] = [(high1 ^ y ^ k0) >>> 0, low1 >>> 0, (high0 ^ w ^ k1) >>> 0, low0 >>> 0];
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [x, y, z, w];
}

/** A number in [0, 1) of the upper 24 bits: all of them are float32. */
export const toUnit = (bits: number): number => (bits >>> 8) / 2 ** 24;
