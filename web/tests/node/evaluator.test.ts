// The evaluator computes a model by the weights of now, with the running statistics of its batch norms.

import { expect, test } from 'vitest';
import { adam, createEvaluator, createTrainer, initialize, readModel } from '../../engine/training/index.ts';
import { int, ints, ModelBuilder } from '../../lab/network/model-builder.ts';

const [BATCH, SIDE] = [8, 6];

/** A convolution with batch norm, and one layer of three classes. */
function build() {
  const builder = new ModelBuilder();
  const weight = builder.constant('conv.weight', [4, 1, 3, 3]);
  const pads = ints([1, 1, 1, 1]);
  const conv = builder.node('Conv', ['x', weight], 'conv', { kernel_shape: ints([3, 3]), pads });
  const ones = () => new Float32Array(4).fill(1);
  const norm = builder.node(
    'BatchNormalization',
    [
      conv,
      builder.constant('norm.weight', [4], ones()),
      builder.constant('norm.bias', [4]),
      builder.constant('norm.running_mean', [4]),
      builder.constant('norm.running_var', [4], ones()),
    ],
    'norm',
  );
  const flat = builder.node('Flatten', [norm], 'flat', { axis: int(1) });
  builder.dense('scores', flat, 4 * SIDE * SIDE, 3);
  return builder.model({ x: ['N', 1, SIDE, SIDE] }, { scores: ['N', 3] });
}

test('an evaluator follows running statistics', async () => {
  const model = await initialize(build(), { seed: 0 });
  const trainer = await createTrainer(model, {
    loss: 'crossEntropy',
    optimizer: adam(),
    learningRate: 0.01,
    batch: BATCH,
  });
  const x = Float32Array.from({ length: BATCH * SIDE * SIDE }, (_, i) => 3 + Math.sin(i * i));
  const labels = Float32Array.from({ length: BATCH }, (_, i) => i % 3);
  for (let step = 0; step < 5; step++) await trainer.step({ x, [trainer.target]: labels });
  const weights = await trainer.weights();
  const saved = readModel(await trainer.save());
  trainer.destroy();

  expect(weights.get('norm.running_mean')).not.toEqual(new Float32Array(4));
  const [followed, read] = await Promise.all(
    [model, saved].map(each => createEvaluator(each, { batch: BATCH })),
  );
  const inputs = new Map([['x', x]]);
  const before = await followed?.run(inputs);
  const after = await followed?.run(inputs, weights);
  expect(after).not.toEqual(before);
  expect(after).toEqual(await read?.run(inputs));
});
