/** Random numbers that depend on a seed and on places alone, so that a step can be computed again. */

/** A whole number of 32 bits from others: rounds of MurmurHash3 (Appleby 2008). */
function hash(values: readonly number[]): number {
  let bits = 0x9747b28c;
  for (const value of values) {
    const mixed = Math.imul(
      Math.imul(value | 0, 0xcc9e2d51) ^ (Math.imul(value | 0, 0xcc9e2d51) >>> 15),
      0x1b873593,
    );
    bits = Math.imul(((bits ^ mixed) << 13) | ((bits ^ mixed) >>> 19), 5) + 0xe6546b64;
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Makes numbers in [0, 1), one after the other. The same key gives the same ones. */
export function randomNumbers(...key: number[]): () => number {
  let count = 0;
  return () => hash([...key, count++]) / 2 ** 32;
}

/** A number of the standard normal distribution (Box and Muller 1958). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
