/** Random numbers that depend on a seed and on places alone, so that a step can be computed again. */
import { philox, toUnit } from '../../engine/graph/ir/philox.ts';

/** Makes numbers in [0, 1), one after the other. The same key gives the same ones. */
export function randomNumbers(seed: number, step = 0, place = 0): () => number {
  let count = 0;
  return () => toUnit(philox([count++, step, place, 0], [seed, 0])[0]);
}
