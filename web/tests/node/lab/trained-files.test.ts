// The trained networks that come with the page: their layers are shown, they begin anew, and they learn on.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  adam,
  createEvaluator,
  createTrainer,
  initialize,
  readModel,
} from '../../../engine/training/index.ts';
import { NET_NAMES } from '../../../lab/network/classifiers.ts';
import { layersOfModel } from '../../../lab/network/model-layers.ts';
import { learnedNames, valuesOf } from '../../../lab/network/weights.ts';

// What draws asks for the theme as it is imported.
vi.hoisted(() => {
  Object.assign(globalThis, { matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
});

const FOLDER = join(import.meta.dirname, '../../../lab/public/data/starts');
const [BATCH, CLASSES] = [4, 10];

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

test.each(readdirSync(FOLDER))('%s', async file => {
  const [, net] = /^(?:digits|pictures)-(.*)\.onnx$/.exec(file) ?? [];
  expect(NET_NAMES).toContain(net);
  const model = readModel(new Uint8Array(readFileSync(join(FOLDER, file))));
  const learned = learnedNames(model);
  expect(learned.every(name => model.constants.has(name))).toBe(true);

  const [{ name: input, dims } = { name: '', dims: [] }] = model.inputs;
  const pictures = Float32Array.from(
    { length: BATCH * product((dims ?? []).slice(1).map(Number)) },
    (_, i) => Math.sin(i) ** 2,
  );
  const layers = layersOfModel(model, () => ({ weights: new Map(), values: new Map() }));
  const watch = layers.map(layer => layer.watch);
  const output = model.outputs[0]?.name ?? '';
  const evaluator = await createEvaluator(model, { batch: BATCH, watch: [...watch, output] });
  const values = await evaluator.run(new Map([[input, pictures]]));
  for (const { layer, watch: name } of layers) {
    const shape = layer.shape.split(' → ')[1]?.split(' × ').map(Number) ?? [];
    expect(values.get(name)?.length, `${layer.name}, ${layer.shape}`).toBe(BATCH * product(shape));
  }
  expect(values.get(output)).toHaveLength(BATCH * CLASSES);

  const begun = await initialize(model, { seed: 1, parameters: learned });
  for (const [name, constant] of model.constants) {
    const own = begun.constants.get(name);
    if (!own || !name.endsWith('.weight') || constant.dims.length < 2) continue;
    const isKept = valuesOf(own).every((value, i) => value === valuesOf(constant)[i]);
    expect(isKept, name).toBe(!learned.includes(name));
  }

  const options = { loss: 'crossEntropy', optimizer: adam(), learningRate: 0.001, batch: BATCH } as const;
  const trainer = await createTrainer(begun, { ...options, parameters: learned });
  for (let step = 0; step < 2; step++)
    await trainer.step({ [input]: pictures, [trainer.target]: Float32Array.from([0, 1, 2, 3]) });
  const after = await evaluator.run(new Map([[input, pictures]]), await trainer.weights());
  expect(after.get(output)).not.toEqual(values.get(output));
  evaluator.destroy();
  trainer.destroy();
});
