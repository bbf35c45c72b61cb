// The plans of training steps on WebGPU: what is fused, and where the state lies.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../engine/graph/ir/operation.ts';
import { LearnedWeights } from '../../engine/graph/lowering/learned-weights.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { trainingLowerings } from '../../engine/graph/lowering/training.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { makeTrainingPlan, type TrainingPlan } from '../../engine/graph/passes/training-plan.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { flattenState } from '../../engine/training/flat-step.ts';
import { adam } from '../../engine/training/optimizers/adam.ts';
import type { Optimizer } from '../../engine/training/optimizers/optimizer.ts';
import { makeTrainingStep, type TrainingStep } from '../../engine/training/step.ts';
import { CACHE } from '../cases.ts';
import { kinds } from '../plans.ts';
import type { TrainingCase } from '../training-steps.ts';

const cases: TrainingCase[] = JSON.parse(readFileSync(`${CACHE}/training.json`, 'utf8'));

async function planStep(name: string, batch = 16): Promise<{ step: TrainingStep; training: TrainingPlan }> {
  const loss = cases.find(one => one.name === name)?.loss ?? 'crossEntropy';
  const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
  const step = await makeTrainingStep(model, { loss, dims: { batch } });
  const flat = flattenState(step, adam());
  const learned = new LearnedWeights(new Set(flat.state.map(({ input }) => input)));
  const graph = await lower(flat.model, trainingLowerings(learned));
  return { step, training: await makeTrainingPlan(graph, flat.state, 4096) };
}

const describeOne = ({ kind, name, inputs, output }: Operation): string =>
  `${kind} ${name}: ${inputs.map(({ shape }) => shape.join('x')).join(', ')} -> ${output.shape.join('x')}`;

describe('a step of LeNet', async () => {
  const { step, training } = await planStep('training-lenet', 64);
  const { operations } = training.plan;
  if (process.env.LIMNER_PLANS) for (const one of operations) console.log(describeOne(one));

  test('is forward, two operations of the loss, and two for each layer backward', async () => {
    expect(kinds(operations)).toEqual([
      'convolution',
      'maxPool',
      'convolution',
      'maxPool',
      'movement',
      'convolution',
      'convolution',
      'convolution',
      'crossEntropy',
      'crossEntropy',
      'convolution',
      'convWeightGradient',
      'convolution',
      'convWeightGradient',
      'convolution',
      'convWeightGradient',
      'movement',
      'maxPoolGradient',
      'convolution',
      'convWeightGradient',
      'maxPoolGradient',
      'convWeightGradient',
    ]);
  });

  test('has at most 3.5 times the dispatches of the forward pass', async () => {
    const forward = await makePlan(await lower(step.inference), false);
    // With the update and the packing of the weights.
    expect(operations.length + 2).toBeLessThanOrEqual(3.5 * forward.operations.length);
  });
});

/** Keeps two tensors for each parameter, and reads the second one in nodes. */
const SECOND: Optimizer = {
  name: 'second',
  slots: [
    { name: 'first', initial: 0 },
    { name: 'second', initial: 0 },
  ],
  scalars: () => [],
  direction: (writer, { gradient, slots: [, second = ''] }) => writer.plus(second, gradient),
  update: ({ weight, slots }) => ({ weight, slots }),
};

test('the slots that the graph reads lie where the update has them', async () => {
  const model = readModel(readFileSync(`${CACHE}/training-lenet.onnx`));
  const options = { loss: 'crossEntropy', dims: { batch: 2 }, optimizer: SECOND } as const;
  const step = await makeTrainingStep(model, options);
  const flat = flattenState(step, SECOND);
  const learned = new LearnedWeights(new Set(flat.state.map(({ input }) => input)));
  const graph = await lower(flat.model, trainingLowerings(learned));
  const { plan, places, stateBlocks } = await makeTrainingPlan(graph, flat.state, 4096);
  for (const [i, { slots = [] }] of flat.state.entries()) {
    expect(slots).toHaveLength(2);
    for (const [k, { input }] of slots.entries()) {
      const slice = [...plan.slices].find(([tensor]) => tensor.name === input)?.[1];
      expect(slice?.offset).toBe((places[i]?.start ?? 0) + (k + 1) * stateBlocks);
    }
  }
});
