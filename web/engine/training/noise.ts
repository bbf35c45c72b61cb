// Random numbers of a step. They depend on a seed, the number of the step and a place alone, so that a step can be run again
// to the same bits.

import type { Tensors } from './backend.ts';
import type { TrainingStep } from './step.ts';

/** The inputs of a step that its random numbers come by. */
export function noiseInputs({ model, noise }: TrainingStep, seed: number, step: number): Tensors {
  const entries = noise.map((name, stream) => {
    const dims = model.inputs.find(input => input.name === name)?.dims ?? [];
    const size = dims.reduce<number>((product, dim) => product * Number(dim), 1);
    return [name, uniform(size, [step, stream, seed])] as const;
  });
  return new Map(entries);
}

/** Uniform numbers in [0, 1), of 24 bits: the hash pcg4d (Jarzynski and Olano 2020, "Hash functions for GPU rendering") of
 * the index and the key. */
function uniform(size: number, key: readonly [step: number, stream: number, seed: number]): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => hash(i, ...key) / 2 ** 24);
}

const congruence = (x: number): number => (Math.imul(x, 1664525) + 1013904223) | 0;

function hash(index: number, step: number, stream: number, seed: number): number {
  let [x, y, z, w] = [congruence(index), congruence(step), congruence(stream), congruence(seed)];
  const mix = () => {
    x = (x + Math.imul(y, w)) | 0;
    y = (y + Math.imul(z, x)) | 0;
    z = (z + Math.imul(x, y)) | 0;
    w = (w + Math.imul(y, z)) | 0;
  };
  mix();
  [x, y, z, w] = [x ^ (x >>> 16), y ^ (y >>> 16), z ^ (z >>> 16), w ^ (w >>> 16)];
  mix();
  return x >>> 8;
}
