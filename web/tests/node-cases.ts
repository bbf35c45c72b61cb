// ONNX's own node tests, as tests/onnx_cases/nodes.py packs them.

import { lower } from '../engine/graph/lowering/lower.ts';
import { TRAINING } from '../engine/graph/lowering/training.ts';
import { makePlan, type Plan } from '../engine/graph/passes/plan.ts';
import { readGraph } from '../engine/look.ts';
import { readModel } from '../engine/onnx/model.ts';
import { decode } from './compare.ts';

export interface Case {
  readonly name: string;
  readonly op: string;
  readonly skip?: string;
  /** Whether the operator is for training. */
  readonly training: boolean;
  readonly model: string;
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, { dims: number[]; data: string }>;
}

/** Cases that every backend refuses, with a part of the error message. */
export const REFUSED: readonly (readonly [cases: RegExp, sentence: string])[] = [
  [/^test_training_dropout/, 'as in training'],
  [/^test_(basic_)?(conv|convtranspose|averagepool|maxpool|lppool).*_3d/, 'has an input of 5 dimensions'],
  [/^test_gridsample_volumetric/, 'has an input of 5 dimensions'],
  [/^test_gridsample_bicubic/, "samples by 'cubic'"],
  [/^test_affine_grid_3d/, 'makes a grid of 5 dimensions'],
];

/** The plan of a case. Operators for training are lowered as the training's are. */
export async function planOf({ model, training }: Case): Promise<Plan> {
  const bytes = decode(model);
  return training ? makePlan(await lower(readModel(bytes), TRAINING), false) : readGraph(bytes);
}
