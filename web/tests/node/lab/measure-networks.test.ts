// The networks that the tab Measure times: the same for the same seed, and of values that keep their size.

import { expect, test } from 'vitest';
import { createEvaluator, readModel } from '../../../engine/training/index.ts';
import { makeNetwork } from '../../../lab/measure/networks.ts';
import { OUTPUT } from '../../../lab/network/classifiers.ts';

test.each(['lenet', 'resnet20', 'mobilenet'] as const)(
  '%s with drawn weights answers by its input and its seed',
  async net => {
    const answers: Float32Array[] = [];
    for (const seed of [0, 0, 1]) {
      const { bytes, inputs } = await makeNetwork(net, seed, async () => undefined);
      const evaluator = await createEvaluator(readModel(bytes), { batch: 1, weights: [] });
      const [first = {}] = inputs;
      const made = await evaluator.run(new Map(Object.entries(first)));
      answers.push(made.get(OUTPUT) ?? new Float32Array());
      evaluator.destroy();
    }
    expect(answers[0]).toHaveLength(10);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).not.toEqual(answers[0]);
    const largest = Math.max(...(answers[0] ?? []).map(Math.abs));
    expect(largest).toBeGreaterThan(0.05);
    expect(largest).toBeLessThan(100);
  },
);
