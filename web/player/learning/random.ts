/** Random numbers that depend on a seed and on places alone, so that a step can be computed again. */
import { TorchGenerator } from '../../engine/training/index.ts';

/** Makes numbers in [0, 1), one after the other. The same key gives the same ones. */
export function randomNumbers(seed: number, step = 0, place = 0): () => number {
  // Large odd factors, so that steps and places do not meet.
  const generator = new TorchGenerator(seed ^ Math.imul(step, 0x9e3779b1) ^ Math.imul(place, 0x85ebca6b));
  return () => generator.draw() / 2 ** 32;
}
