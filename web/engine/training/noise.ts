// The random numbers of a step. They are a function of a seed and of the step's number, which are live inputs of its graph.

import { EngineError } from '../error.ts';
import type { Tensors } from './backend.ts';
import type { TrainingStep } from './step.ts';

/** Live inputs are float32, which has all whole numbers up to this one. */
const LIMIT = 2 ** 24;

export function checkSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed < LIMIT) return;
  throw new EngineError(`seed is given as ${seed}; give a whole number from 0 to ${LIMIT - 1}.`);
}

/** The inputs of a step that its random numbers are drawn of; none if it draws none. Steps count modulo 2^24. */
export function noiseInputs({ random }: Pick<TrainingStep, 'random'>, seed: number, step: number): Tensors {
  if (!random) return new Map();
  return new Map([
    [random.seed, Float32Array.of(seed)],
    [random.step, Float32Array.of(step % LIMIT)],
  ]);
}
