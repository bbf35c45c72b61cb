// Fifty steps of each optimizer on random gradients, and where torch comes to (tests/onnx_cases/optimizers.py).

import { adadelta } from '../engine/training/optimizers/adadelta.ts';
import { adagrad } from '../engine/training/optimizers/adagrad.ts';
import { adam, adamw } from '../engine/training/optimizers/adam.ts';
import { lion } from '../engine/training/optimizers/lion.ts';
import { muon } from '../engine/training/optimizers/muon.ts';
import type { Optimizer } from '../engine/training/optimizers/optimizer.ts';
import { rmsprop } from '../engine/training/optimizers/rmsprop.ts';
import { sgd } from '../engine/training/optimizers/sgd.ts';

export interface OptimizerCase {
  readonly name: string;
  readonly options: Record<string, never>;
  readonly rate: number;
  /** torch's weights after each step, in float64. */
  readonly file: string;
}

/** What `optimizers.json` has. All weights and gradients are of that shape, or turned if the options say so. */
export interface OptimizerCases {
  readonly steps: number;
  readonly shape: readonly number[];
  readonly cases: readonly OptimizerCase[];
}

const OPTIMIZERS: Readonly<Record<string, (options: object) => Optimizer>> = {
  adadelta,
  adagrad,
  adam,
  adamw,
  lion,
  muon,
  rmsprop,
  sgd,
};

export function optimizerOf({ name, options }: OptimizerCase): Optimizer {
  const make = OPTIMIZERS[name];
  if (!make) throw new Error(`The tests know no optimizer '${name}'.`);
  return make(options);
}

export const dimsOf = ({ shape }: OptimizerCases, { options }: OptimizerCase): readonly number[] =>
  'turned' in options ? [...shape].reverse() : shape;
