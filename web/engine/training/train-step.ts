// What `limner train-step` runs in Node or in a browser: one file without imports, `train-step.mjs`.

import { EngineError } from '../error.ts';
import { readModel } from '../onnx/model.ts';
import type { ClipOptions } from './clipping.ts';
import { exportTrainingStep } from './export-step.ts';
import type { LossName } from './losses.ts';
import { adadelta } from './optimizers/adadelta.ts';
import { adagrad } from './optimizers/adagrad.ts';
import { adam, adamw } from './optimizers/adam.ts';
import { lion } from './optimizers/lion.ts';
import { muonWith } from './optimizers/muon.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { rmsprop } from './optimizers/rmsprop.ts';
import { sgd } from './optimizers/sgd.ts';

export { EngineError };

const OPTIMIZERS = {
  adadelta: () => adadelta(),
  adagrad: () => adagrad(),
  adam: () => adam(),
  adamw: () => adamw(),
  lion: () => lion(),
  momentum: () => sgd({ momentum: 0.9 }),
  muon: () => muonWith(adamw()),
  nesterov: () => sgd({ momentum: 0.9, nesterov: true }),
  rmsprop: () => rmsprop(),
  sgd: () => sgd(),
} as const satisfies Readonly<Record<string, () => Optimizer>>;

export interface Options {
  readonly loss: LossName;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly batch: number;
  readonly clip: ClipOptions;
}

/** The training step of the model in a file, as a file. Throws an EngineError if the model cannot be trained. */
export const trainStep = (file: Uint8Array, { optimizer, ...options }: Options): Promise<Uint8Array> =>
  exportTrainingStep(readModel(file), { ...options, optimizer: OPTIMIZERS[optimizer]() });
