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
  /** torch's losses, one for each step. */
  readonly losses: readonly number[];
  /** Names of torch's weights and statistics at the end. */
  readonly state: readonly string[];
}
