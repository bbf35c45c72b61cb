// The training steps of the test cases, and what torch's are.

import type { ClipOptions } from '../engine/training/clipping.ts';
import type { LossName } from '../engine/training/losses.ts';
import type { OPTIMIZERS } from './training-optimizers.ts';

/** A network, and what torch did with it (`tests/onnx_cases/training.py`). */
export interface TrainingCase {
  readonly name: string;
  readonly loss: LossName;
  readonly steps: number;
  readonly batch: number;
  readonly clip: ClipOptions;
  readonly optimizer: keyof typeof OPTIMIZERS;
  /** The weight of the network in `NAME.discriminator.onnx`, which learns too; null if there is none. */
  readonly adversary: number | null;
  /** torch's losses, one for each step. */
  readonly losses: readonly number[];
  /** Names of torch's weights and statistics after `state_steps` steps. */
  readonly state: readonly string[];
  readonly state_steps: number;
}
