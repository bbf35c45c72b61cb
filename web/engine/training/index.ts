// `@limner/engine/training`: trains a network in a web page, on WebGPU, on WebGL2, or on the CPU. It takes an ONNX file,
// a look or another network, and gives one back.

import type { OnnxModel } from '../onnx/model.ts';
import type { Evaluator, EvaluatorOptions } from './cpu-evaluator.ts';
import type { InitializeOptions } from './initialize.ts';
import { makeTrainer } from './make-trainer.ts';
import type { Trainer } from './trainer.ts';
import type { TrainerOptions } from './trainer-options.ts';

export { EngineError } from '../error.ts';
export { type OnnxModel, readModel } from '../onnx/model.ts';
export type { Adversary } from './adversary.ts';
export type { Tensors } from './backend.ts';
export type { TrainingBackendName } from './backends.ts';
export type { Batch, BatchInput } from './batch.ts';
export type { ClipOptions } from './clipping.ts';
export type { Evaluator, EvaluatorOptions } from './cpu-evaluator.ts';
export { DivergenceError } from './divergence.ts';
export type { Followed, FollowedLook, Follower, FollowOptions } from './follower.ts';
export type { InitializeOptions, InitializerName } from './initialize.ts';
export {
  constantly,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from './initializers.ts';
export type { LossName } from './losses.ts';
export { adadelta } from './optimizers/adadelta.ts';
export { adagrad } from './optimizers/adagrad.ts';
export { adam, adamw } from './optimizers/adam.ts';
export { lion } from './optimizers/lion.ts';
export { muon, muonWith } from './optimizers/muon.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export { rmsprop } from './optimizers/rmsprop.ts';
export { sgd } from './optimizers/sgd.ts';
export type { PixelBatches } from './pixel-batches.ts';
export * from './schedules.ts';
export type {
  Ended,
  LearningPainterOptions,
  LearningRate,
  NextBatch,
  OnLosses,
  Trainer,
  Until,
} from './trainer.ts';
export type { TrainerOptions } from './trainer-options.ts';

/** Makes a trainer of a model. The backend that it needs is fetched now. Rejects with an EngineError if the model cannot be
 * trained, or if no backend can train it. */
export const createTrainer: (model: Uint8Array | OnnxModel, options: TrainerOptions) => Promise<Trainer> =
  makeTrainer;

/** The model with learned constants that begin anew, as torch begins layers with that seed. */
export async function initialize(model: OnnxModel, options: InitializeOptions): Promise<OnnxModel> {
  return (await import('./initialize.ts')).initialize(model, options);
}

/** Makes what computes a model on the CPU, in a worker of its own, with weights that may change from run to run. Rejects with
 * an EngineError if the model cannot be computed. */
export async function createEvaluator(model: OnnxModel, options: EvaluatorOptions): Promise<Evaluator> {
  return (await import('./cpu-evaluator.ts')).makeEvaluator(model, options);
}
