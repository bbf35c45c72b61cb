// A graph whose sums are not spread has no norms: nothing changes if none are looked for.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { optimize } from '../../engine/graph/passes/plan.ts';
import { spreadsSums } from '../../engine/graph/passes/spread-sums.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { CACHE } from '../cases.ts';
import { kinds } from '../plans.ts';
import type { TrainingCase } from '../training-steps.ts';

const cases: TrainingCase[] = JSON.parse(readFileSync(`${CACHE}/training.json`, 'utf8'));

test.each(cases.map(({ name, loss }) => [name, loss] as const))('%s', async (name, loss) => {
  const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
  const step = await makeTrainingStep(model, { loss, dims: { batch: 4 } });
  const graph = await lower(step.model, TRAINING);
  const isSpread = spreadsSums(graph.operations);
  // Norms spread theirs, and so does Softmax.
  const hasNorms = model.nodes.some(({ op }) => op.includes('Normalization'));
  expect(isSpread).toBe(hasNorms || loss === 'crossEntropy');
  const without = kinds(await optimize(graph, false, false));
  if (!isSpread) expect(kinds(await optimize(graph, false, true))).toEqual(without);
});
