// Networks of the tabs Digits and Pictures: their sizes, their layers, and that they learn and are tested.

import { expect, test, vi } from 'vitest';
import { adam, createEvaluator, createTrainer, initialize } from '../../../engine/training/index.ts';
import { LiveView } from '../../../lab/classifier/live-view.ts';
import { type Answer, Tester } from '../../../lab/classifier/tester.ts';
import { batchOf, sizeOf, writePicture } from '../../../lab/data/batch-values.ts';
import { drawnDigits } from '../../../lab/data/drawn-digits.ts';
import { epochOrder } from '../../../lab/network/batches.ts';
import { type BuiltNet, buildClassifier, INPUT, OUTPUT } from '../../../lab/network/classifiers.ts';
import { layersOfModel } from '../../../lab/network/model-layers.ts';
import { softmax } from '../../../lab/network/scores.ts';
import { columnsOf } from '../../../lab/network/tiles.ts';
import { learnedNames, valuesOf } from '../../../lab/network/weights.ts';

// What draws asks for the theme as it is imported.
vi.hoisted(() => {
  Object.assign(globalThis, { matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
});

const DIGIT = [1, 28, 28] as const;
const PICTURE = [3, 32, 32] as const;

function parametersOf(
  net: BuiltNet,
  dims: typeof DIGIT | typeof PICTURE | readonly [number],
  units = 100,
): number {
  const model = buildClassifier({ net, units }, dims, 10);
  const counts = learnedNames(model).map(
    name => model.constants.get(name)?.dims.reduce((a, b) => a * b, 1) ?? 0,
  );
  return counts.reduce((a, b) => a + b, 0);
}

test('networks have the parameters of their published forms', () => {
  expect(parametersOf('lenet', DIGIT)).toBe(61_706);
  expect(parametersOf('lenet', PICTURE)).toBe(62_006);
  expect(parametersOf('perceptron', DIGIT, 300)).toBe(785 * 300 + 301 * 10);
  expect(parametersOf('linear', DIGIT)).toBe(7850);
  expect(parametersOf('linear', [768])).toBe(7690);
  expect(parametersOf('conv3', PICTURE)).toBe(896 + 18_496 + 36_928 + 10_250);
});

test('layers have the shapes that are computed', async () => {
  for (const [net, dims] of [
    ['lenet', DIGIT],
    ['conv3', PICTURE],
    ['perceptron', DIGIT],
  ] as const) {
    const model = await initialize(buildClassifier({ net, units: 20 }, dims, 10), { seed: 0 });
    const layers = layersOfModel(model, () => ({ weights: new Map(), values: new Map() }));
    const watch = layers.map(layer => layer.watch);
    const evaluator = await createEvaluator(model, { batch: 1, watch });
    const size = dims[0] * dims[1] * dims[2];
    const values = await evaluator.run(new Map([[INPUT, new Float32Array(size).fill(0.5)]]));
    evaluator.destroy();
    for (const { layer, watch: name } of layers) {
      const shape = layer.shape.split(' → ')[1]?.split(' × ').map(Number) ?? [];
      expect(values.get(name)?.length, `${net} ${layer.name}`).toBe(shape.reduce((a, b) => a * b, 1));
    }
    const parameters = layers.reduce((sum, { layer }) => sum + layer.parameters, 0);
    expect(parameters).toBe(parametersOf(net, dims, 20));
    // After its ReLU, no answer of a convolution is below zero.
    if (net !== 'perceptron')
      expect(Math.min(...(values.get(watch[0] ?? '') ?? []))).toBeGreaterThanOrEqual(0);
  }
});

test('an evaluator answers what the trainer learns, with weights of now', async () => {
  const task = drawnDigits();
  const size = sizeOf(task.train.picture(0));
  const model = await initialize(buildClassifier({ net: 'perceptron', units: 32 }, DIGIT, 10), { seed: 1 });
  const order = epochOrder(1000, 50, 1);
  const trainer = await createTrainer(model, {
    loss: 'crossEntropy',
    optimizer: adam(),
    learningRate: 0.003,
    batch: 50,
    parameters: learnedNames(model),
  });
  const tester = new Tester(model, {
    count: 200,
    classes: 10,
    label: task.test.label,
    size,
    write: (to, offset, index) => writePicture(to, offset, task.test.picture(index)),
  });
  const goOn = () => false;
  const before = await tester.measure(await trainer.weights(), 200, goOn);
  await trainer.runUntil(
    step => {
      const chosen = order(step);
      return {
        [INPUT]: batchOf(task.train, chosen, null),
        [trainer.target]: Float32Array.from(chosen, index => task.train.label(index)),
      };
    },
    { steps: 60 },
  );
  const weights = await trainer.weights();
  const after = await tester.measure(weights, 200, goOn);
  const shareOf = (answers: readonly Answer[] | null) =>
    (answers ?? []).filter(({ found }, i) => found === task.test.label(i)).length / 200;
  expect(before).toHaveLength(200);
  expect(shareOf(before)).toBeLessThan(0.35);
  expect(after).toHaveLength(200);
  expect(shareOf(after)).toBeGreaterThan(0.8);
  expect(await tester.measure(weights, 200, () => true)).toBeNull();
  await tester.destroy();

  // One example, and the values between the layers.
  const input = new Float32Array(size);
  writePicture(input, 0, task.test.picture(7));
  const shown = await new Promise<ReadonlyMap<string, Float32Array>>((resolve, reject) => {
    const live = new LiveView(model, ['dense1.relu'], resolve, reject);
    live.show(input, weights);
  });
  expect(shown.get('dense1.relu')).toHaveLength(32);
  const shares = softmax(shown.get(OUTPUT) ?? [], 0, 10);
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  expect(shares[after?.[7]?.found ?? -1]).toBeCloseTo(after?.[7]?.share ?? 0, 4);
  trainer.destroy();
});

test('a model without its constant is refused', async () => {
  const model = buildClassifier({ net: 'linear', units: 1 }, [4], 3);
  await expect(createEvaluator(model, { batch: 1, weights: ['none'] })).rejects.toThrow("no constant 'none'");
  expect(valuesOf(model.constants.get('scores.weight') ?? { bytes: new Uint8Array() })).toHaveLength(12);
});

test('tiles are as large as they can be', () => {
  expect(columnsOf(6, 600, 100)).toBe(6);
  expect(columnsOf(6, 100, 600)).toBe(1);
  expect(columnsOf(16, 200, 200)).toBe(4);
});

test('rows of features are learned by one layer', async () => {
  const model = await initialize(buildClassifier({ net: 'linear', units: 1 }, [768], 3), { seed: 0 });
  const layers = layersOfModel(model, () => ({ weights: new Map(), values: new Map() }));
  expect(layers.map(({ layer }) => [layer.shape, layer.parameters])).toEqual([['768 → 3', 2307]]);
});
