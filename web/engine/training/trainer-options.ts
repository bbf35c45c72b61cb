// What a trainer is made with.

import type { Sizes } from '../onnx/free-dims.ts';
import type { Adversary } from './adversary.ts';
import type { TrainingBackendName } from './backends.ts';
import type { ClipOptions } from './clipping.ts';
import type { LossName } from './losses.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { PixelBatches } from './pixel-batches.ts';
import type { LearningRate, OnLosses } from './trainer.ts';

export interface TrainerOptions {
  /** What the model's first output is compared with: classes by `crossEntropy`, pictures by `l1` or `mse`, yes or no by
   * `bceWithLogits`. A Softmax or Sigmoid at the model's end is left out where the loss has one. */
  loss: LossName;
  /** Such as `adam()`. */
  optimizer: Optimizer;
  learningRate: LearningRate;
  /** Clips gradients: all of them by their common norm, each element by its value. */
  clip?: ClipOptions;
  /** A second network, the discriminator, that learns in the same steps to tell targets from what the model makes, while the
   * model learns to be taken for a target: what it paints gets sharper. The losses that are told are still those of `loss`
   * alone. */
  adversary?: Adversary;
  /** For networks that take places and give colours: each step draws its pixels on the device, and compares with their colours.
   * A batch has the whole picture as its target, and no coordinates. It is uploaded when it is another array than in the step
   * before, so paint a change into a copy. */
  pixels?: PixelBatches;
  /** How many examples a step has. Default: as many as the file says, or 1. */
  batch?: number;
  /** Default: WebGPU or WebGL2 where there is a real GPU, else the CPU. */
  backend?: TrainingBackendName;
  /** A WebGPU device to share. Its owner keeps it, so a loss is reported and not recovered from. */
  device?: GPUDevice;
  /** Of the random numbers, by which Dropout and pixels are drawn: a whole number below 2^24. Default: 0. */
  seed?: number;
  /** Names of the constants that are learned. Default: all weights and biases, but for those of a look's guide. */
  parameters?: readonly string[];
  /** Sizes of other dimensions that the file leaves open, by their names. */
  dims?: Sizes;
  /** Steps between two copies of the state, from which the training goes on after a lost GPU or a divergence. Default: as many
   * as take two seconds. */
  snapshotEvery?: number;
  /** Called at most four times a second, and when a run ends. */
  onLosses?: OnLosses;
  /** Called once when the GPU is lost for good, with the reason as a sentence. The last good weights can still be had. */
  onLost?: (reason: string) => void;
}
