// The training steps of the test cases, and what torch's are.

import type { LossName } from '../engine/training/losses.ts';

/** Small networks that torch trained (`tests/onnx_cases/training.py`). */
export interface TrainingCase {
  readonly name: string;
  readonly loss: LossName;
  readonly steps: number;
  readonly batch: number;
  /** torch's losses, one for each step. */
  readonly losses: readonly number[];
  /** Names of torch's weights and statistics at the end. */
  readonly state: readonly string[];
}
