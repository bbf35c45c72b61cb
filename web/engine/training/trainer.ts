// What a trainer is, for those who use one.

import type { Backend, Canvas, Painter, Precision } from '../painter.ts';
import type { Tensors } from './backend.ts';
import type { TrainingBackendName } from './backends.ts';
import type { Batch, BatchInput } from './batch.ts';
import type { Followed, FollowedLook, Follower, FollowOptions } from './follower.ts';

/** A number, or a function of the step, from 0 on. */
export type LearningRate = number | ((step: number) => number);

/** Called with the losses of steps, one for each, and the number of the first step. They are those before the update. */
export type OnLosses = (first: number, losses: Float32Array) => void;

export interface Until {
  /** How many steps. */
  readonly steps?: number;
  /** Ends when a step's loss is at most that. Some more steps follow, as losses are read four times a second. */
  readonly loss?: number;
  readonly milliseconds?: number;
  readonly signal?: AbortSignal;
}

/** What ended a run. */
export type Ended = 'steps' | 'loss' | 'milliseconds' | 'signal';

/** The batch of a step, from 0 on. It must give the same batch each time that it is called with the same number: after a lost
 * GPU, steps are computed again. The trainer reads it within the step. */
export type NextBatch = (step: number) => Batch | Promise<Batch>;

export interface LearningPainterOptions {
  /** Its context must be free, or a 2-D one: each frame is copied to it. */
  readonly canvas: Canvas;
  /** Default: as for `createPainter`. */
  readonly backend?: Backend;
  /** A WebGPU device to share. If the trainer has another one, or none, weights come by a file. */
  readonly device?: GPUDevice;
  /** As for `createPainter`. */
  readonly precision?: Precision;
  /** Where weights come by a file: milliseconds between two changes, at least. Default: 500. */
  readonly every?: number;
}

export interface Trainer {
  /** What a batch must have. */
  readonly inputs: readonly BatchInput[];
  /** The name of the target in a batch. */
  readonly target: string;
  readonly backend: TrainingBackendName;
  /** The GPU, or what computes in its place. */
  readonly adapter: string;
  /** How many steps were given. */
  readonly steps: number;
  /** How often the GPU was lost and came back: steps were computed again then. */
  readonly recoveries: number;
  /** The rate of the steps from now on. */
  learningRate: LearningRate;
  /** One step on a batch, which is copied. Resolves when the next one may be given. Rejects with an EngineError if the batch
   * is wrong, and with a DivergenceError if the training diverged: then the state is that of the last snapshot. */
  step(batch: Batch): Promise<void>;
  /** Trains on one batch after the other until the first of the conditions holds. The page goes on meanwhile, also in a hidden
   * tab. All losses are told when it resolves. */
  runUntil(nextBatch: NextBatch, until: Until): Promise<Ended>;
  /** Resolves when all steps are computed and their losses told. */
  finished(): Promise<void>;
  /** The learned weights and the running statistics of batch norms, as torch's state_dict has both: in ONNX's order, by their
   * names in the file. After a divergence they are the last good ones; so they are when the GPU was lost for good. */
  weights(): Promise<Map<string, Float32Array>>;
  /** The model for inference with the learned weights and running statistics, as an ONNX file. Metadata stay; weights that were
   * quantized are float32. */
  save(): Promise<Uint8Array>;
  /** Begins anew: with the weights of the file, or with those that are given, and with what the optimizer has at first. */
  restart(weights?: Tensors): Promise<void>;
  /** A painter of the look that is trained: what it paints follows the training. If both are on WebGPU, it shares the
   * weights, and paints what was learned by the step before; else it is made anew from a file, at most twice a second and for a fifth of the time. It is
   * destroyed on its own, and goes on with the last weights when the trainer is destroyed. Rejects with an EngineError if
   * the model is no look, or if there is no GPU. */
  createPainter(options: LearningPainterOptions): Promise<Painter>;
  /** The same for a page with painters of its own: makes, shows and replaces them as the training goes on. The painter that
   * is shown stays until the page destroys it. The first one comes with the next step, or with `follow(true)`. */
  follow<L extends FollowedLook, P extends Followed>(options: FollowOptions<L, P>): Follower<L, P>;
  destroy(): void;
}
