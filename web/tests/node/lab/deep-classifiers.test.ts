// ResNet-20 and MobileNet: their sizes are those of `limner lab`.

import { expect, test } from 'vitest';
import { createEvaluator, type OnnxModel } from '../../../engine/training/index.ts';
import { INPUT } from '../../../lab/network/classifiers.ts';
import { buildDeepClassifier } from '../../../lab/network/deep-classifiers.ts';
import { learnedNames } from '../../../lab/network/weights.ts';

const sizeOf = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** All that is learned: weights, and scales and shifts of norms. */
function parametersOf(model: OnnxModel): number {
  const norms = [...model.constants.keys()].filter(name => /norm\.(scale|shift)$/.test(name));
  return [...learnedNames(model), ...norms].reduce(
    (sum, name) => sum + sizeOf(model.constants.get(name)?.dims ?? []),
    0,
  );
}

/** Multiply-adds of convolutions and dense layers, by the sizes of what they answer. */
async function multiplyAddsOf(model: OnnxModel): Promise<number> {
  const layers = model.nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  const watch = layers.flatMap(({ outputs }) => outputs);
  const evaluator = await createEvaluator(model, { batch: 1, watch });
  const values = await evaluator.run(new Map([[INPUT, new Float32Array(3 * 32 * 32).fill(0.5)]]));
  evaluator.destroy();
  return layers.reduce((sum, { inputs, outputs }) => {
    const [, ...taps] = model.constants.get(inputs[1] ?? '')?.dims ?? [];
    return sum + (values.get(outputs[0] ?? '')?.length ?? 0) * sizeOf(taps);
  }, 0);
}

// The numbers of src/limner/networks/classifiers/resnet.py and mobilenet.py.
test.each([
  ['resnet20', 269_722, 40_551_040],
  ['mobilenet', 3_217_226, 46_354_432],
] as const)('%s is that of limner lab', async (net, parameters, multiplyAdds) => {
  const model = buildDeepClassifier(net, 10);
  expect(parametersOf(model)).toBe(parameters);
  expect(await multiplyAddsOf(model)).toBe(multiplyAdds);
});
