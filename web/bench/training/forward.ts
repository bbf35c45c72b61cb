// How many dispatches limner's forward pass has: that of the network that is trained, without a loss.

import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { readModel } from '../../engine/training/index.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { BATCH } from './learner.ts';

export async function countForward(onnx: Uint8Array): Promise<number> {
  const step = await makeTrainingStep(readModel(onnx), { loss: 'crossEntropy', dims: { batch: BATCH } });
  return (await makePlan(await lower(step.inference), false)).operations.length;
}
