// What a look of ours fetches to learn by Adam and mean absolute error: none of the parts for other networks. What
// `npm run size` says of training rests on that.

import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { LearnedWeights } from '../../engine/graph/lowering/learned-weights.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { trainingLowerings } from '../../engine/graph/lowering/training.ts';
import { joinPictures } from '../../engine/graph/passes/batch-pictures.ts';
import { makeTrainingPlan } from '../../engine/graph/passes/training-plan.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { flattenState } from '../../engine/training/flat-step.ts';
import type { LossName } from '../../engine/training/losses.ts';
import { adam } from '../../engine/training/optimizers/adam.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { makeUpdate } from '../../engine/training/update.ts';
import { fetchRareDraws } from '../../engine/webgl2/draws/training.ts';
import { splitTrainingPasses } from '../../engine/webgl2/draws/training-passes.ts';
import { fetchStepKernels } from '../../engine/webgpu/kernels/step-kernel.ts';
import { keyframeNetwork } from '../../player/learning/keyframe-network.ts';
import { CACHE } from '../cases.ts';

const { refuse } = vi.hoisted(() => ({
  refuse: (part: string) => () => {
    throw new Error(`${part} was fetched`);
  },
}));
vi.mock('../../engine/autograd/rules/extended.ts', refuse('rules'));
vi.mock('../../engine/graph/lowering/foreign.ts', refuse('lowerings'));
vi.mock('../../engine/graph/lowering/training-extended.ts', refuse('lowerings for training'));
vi.mock('../../engine/graph/passes/normalization.ts', refuse('norms'));
vi.mock('../../engine/training/training-mode.ts', refuse('training mode'));
vi.mock('../../engine/training/update-inputs.ts', refuse('what an update reads besides'));
vi.mock('../../engine/webgl2/draws/training-extended.ts', refuse('draws'));
vi.mock('../../engine/webgpu/kernels/training-extended.ts', refuse('kernels'));

const WEBGL2_LIMITS = { layers: 8, textureSize: 4096, units: 16, uniforms: 224 };

const cached = (name: string): OnnxModel => readModel(readFileSync(`${CACHE}/${name}.onnx`));

/** Makes all that a backend makes of the model before it asks for a device. */
async function planLearning(model: OnnxModel, loss: LossName): Promise<void> {
  const optimizer = adam();
  const step = await makeTrainingStep(model, { loss, optimizer, dims: { batch: 2, height: 64, width: 64 } });
  const { model: flat, state } = flattenState(step, optimizer);
  const learned = new LearnedWeights(new Set(state.map(({ input }) => input)));
  const graph = await lower(flat, trainingLowerings(learned));
  const { plan } = await makeTrainingPlan(graph, state, 4096);
  const formulas = step.parameters.flatMap(one => makeUpdate(step, optimizer, one).results);
  await fetchStepKernels(
    plan.operations,
    formulas.map(({ value }) => value),
  );
  const drawn = await makeTrainingPlan(graph, state, 0, joinPictures);
  const { steps } = await splitTrainingPasses(drawn.plan.operations, WEBGL2_LIMITS, false);
  await fetchRareDraws(steps);
}

test.each([
  'full-256-uint8-levels',
  'lean-256-float32-soft',
  'lean-256-uint8-levels',
  'lean-64-float16-edges',
  'training-lean',
])('%s learns without the parts of other networks', name => planLearning(cached(name), 'l1'));

test('a style of a painted frame is learned without them', () =>
  planLearning(keyframeNetwork({ width: 64, height: 64 }, 1), 'l1'));

test('LeNet needs them', () =>
  expect(planLearning(cached('training-lenet'), 'crossEntropy')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('was fetched') },
  }));
