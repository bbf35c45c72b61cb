// Convolutions of one pixel, without stride or groups: products of matrices, and most of the work of networks of a place.
// Some pixels at a time stay in the cache, and several channels are read in one pass over them.

import type { Reals } from './arrays.ts';

/** Pixels that are computed together. */
const CHUNK = 512;

/** Sizes of a layer: images, channels of the input and of the output, and pixels of an image. */
export interface PointwiseLayer {
  readonly images: number;
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
}

/** Writes weights (to, from) times the pixels of the input; with `isTransposed`, weights are (from, to). */
export function compilePointwise(
  { images, from, to, pixels }: PointwiseLayer,
  [input, weights, output]: readonly [Reals, Reals, Reals],
  isTransposed: boolean,
): () => void {
  const sums = new Float64Array(CHUNK);
  const [byOutput, byInput] = isTransposed ? [1, to] : [from, 1];
  return () => {
    for (let image = 0; image < images; image++) {
      for (let start = 0; start < pixels; start += CHUNK) {
        const count = Math.min(CHUNK, pixels - start);
        const source = image * from * pixels + start;
        for (let o = 0; o < to; o++) {
          sums.fill(0);
          let i = 0;
          for (; i + 4 <= from; i += 4) {
            const w = o * byOutput + i * byInput;
            addFour(sums, count, input, source + i * pixels, pixels, weights, w, byInput);
          }
          for (; i < from; i++) {
            addOne(sums, count, input, source + i * pixels, weights[o * byOutput + i * byInput] ?? 0);
          }
          const target = (image * to + o) * pixels + start;
          for (let k = 0; k < count; k++) output[target + k] = sums[k] ?? 0;
        }
      }
    }
  };
}

function addFour(
  sums: Float64Array,
  count: number,
  from: Reals,
  at: number,
  pixels: number,
  weights: Reals,
  w: number,
  step: number,
): void {
  const a = weights[w] ?? 0;
  const b = weights[w + step] ?? 0;
  const c = weights[w + 2 * step] ?? 0;
  const d = weights[w + 3 * step] ?? 0;
  const [second, third, fourth] = [at + pixels, at + 2 * pixels, at + 3 * pixels];
  for (let k = 0; k < count; k++) {
    sums[k] =
      (sums[k] ?? 0) +
      (a * (from[at + k] ?? 0) +
        b * (from[second + k] ?? 0) +
        c * (from[third + k] ?? 0) +
        d * (from[fourth + k] ?? 0));
  }
}

function addOne(sums: Float64Array, count: number, from: Reals, at: number, factor: number): void {
  for (let k = 0; k < count; k++) sums[k] = (sums[k] ?? 0) + factor * (from[at + k] ?? 0);
}

/** Adds to (to, from) at `next` the products of `count` pixels of the input, from `source` on, and of the gradient. */
export function addPixelProducts(
  { from, to, pixels }: PointwiseLayer,
  [input, gradient, output]: readonly [Reals, Reals, Reals],
  [source, other, next, count]: readonly [number, number, number, number],
): void {
  for (let o = 0; o < to; o++) {
    const g = other + o * pixels;
    const row = next + o * from;
    let i = 0;
    for (; i + 4 <= from; i += 4) {
      const first = source + i * pixels;
      const [second, third, fourth] = [first + pixels, first + 2 * pixels, first + 3 * pixels];
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0; k < count; k++) {
        const factor = gradient[g + k] ?? 0;
        a += factor * (input[first + k] ?? 0);
        b += factor * (input[second + k] ?? 0);
        c += factor * (input[third + k] ?? 0);
        d += factor * (input[fourth + k] ?? 0);
      }
      const at = row + i;
      output[at] = (output[at] ?? 0) + a;
      output[at + 1] = (output[at + 1] ?? 0) + b;
      output[at + 2] = (output[at + 2] ?? 0) + c;
      output[at + 3] = (output[at + 3] ?? 0) + d;
    }
    for (; i < from; i++) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += (gradient[g + k] ?? 0) * (input[source + i * pixels + k] ?? 0);
      output[row + i] = (output[row + i] ?? 0) + sum;
    }
  }
}
