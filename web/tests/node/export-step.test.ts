// A training step as a file, in ONNX Runtime: the losses are torch's, and every optimizer is the CPU trainer's.

import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { type Constant, floats } from '../../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import { CpuTraining } from '../../engine/training/cpu-training.ts';
import { type ExportOptions, exportTrainingStep } from '../../engine/training/export-step.ts';
import { adadelta } from '../../engine/training/optimizers/adadelta.ts';
import { adagrad } from '../../engine/training/optimizers/adagrad.ts';
import { adam, adamw } from '../../engine/training/optimizers/adam.ts';
import { lion } from '../../engine/training/optimizers/lion.ts';
import { muonWith } from '../../engine/training/optimizers/muon.ts';
import { rmsprop } from '../../engine/training/optimizers/rmsprop.ts';
import { sgd } from '../../engine/training/optimizers/sgd.ts';
import { initialState, makeProgram } from '../../engine/training/program.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { CACHE } from '../cases.ts';
import { batchOf, lineModel, makePicture, PIXELS, uniformOf } from '../pixel-batches.ts';
import { OPTIMIZERS } from '../training-optimizers.ts';
import type { TrainingCase } from '../training-steps.ts';

const cases: TrainingCase[] = JSON.parse(readFileSync(`${CACHE}/training.json`, 'utf8'));
const readFloats = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const RATE = 0.001;
/** Steps that are compared with torch's. */
const STEPS = 12;

/** Trains in ONNX Runtime as a program would that knows the file alone. */
async function* train(
  model: OnnxModel,
  options: ExportOptions,
  name: string,
  rate: number,
): AsyncGenerator<number> {
  const file = readModel(await exportTrainingStep(model, options));
  const { inputs, metadata } = file;
  const state: Record<string, string> = JSON.parse(metadata.get('limner.state') ?? '');
  const { target, scalars } = JSON.parse(metadata.get('limner.training') ?? '');
  // In JavaScript, ONNX Runtime takes no values for inputs that have defaults.
  const constants = new Map([...file.constants].filter(([one]) => !Object.hasOwn(state, one)));
  const session = await ort.InferenceSession.create(writeModel({ ...file, constants }));
  const tensorOf = (one: string, values: Float32Array, t = 1): ort.Tensor => {
    const dims = inputs.find(input => input.name === one)?.dims?.map(Number) ?? [];
    const size = dims.reduce((a, b) => a * b, 1);
    return new ort.Tensor('float32', values.slice((t - 1) * size, t * size), dims);
  };
  const given = { x: readFloats(`${name}.x`), [target]: readFloats(`${name}.target`) };
  const feeds: Record<string, ort.Tensor> = {};
  for (const one of Object.keys(state)) {
    feeds[one] = tensorOf(one, floats(file.constants.get(one) as Constant));
  }
  for (let t = 1; ; t++) {
    for (const [input, values] of Object.entries(given)) feeds[input] = tensorOf(input, values, t);
    feeds[scalars] = tensorOf(scalars, Float32Array.from(options.optimizer.scalars(t, rate)));
    const made = await session.run(feeds);
    for (const [input, output] of Object.entries(state)) feeds[input] = made[output] as ort.Tensor;
    yield Number(made.loss?.data[0]);
  }
}

function adversaryOf(name: string, { adversary: weight }: Pick<TrainingCase, 'adversary'>) {
  if (weight === null) return {};
  const discriminator = readModel(readFileSync(`${CACHE}/${name}.discriminator.onnx`));
  return { adversary: { discriminator, weight } };
}

describe('the losses are those of torch', () => {
  test.each(cases)('$name', async ({ name, loss, batch, clip, losses, ...given }) => {
    const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
    const [optimizer, rate] = OPTIMIZERS[given.optimizer];
    const made = train(model, { loss, optimizer, batch, clip, ...adversaryOf(name, given) }, name, rate);
    for (const [t, expected] of losses.slice(0, STEPS).entries()) {
      const { value } = await made.next();
      expect(Math.abs(value - expected) / expected, `step ${t}`).toBeLessThan(1e-3);
    }
  });
});

const OTHERS = [
  adadelta(),
  adagrad({ initial: 0.1, weightDecay: 0.1 }),
  adam({ weightDecay: 0.1 }),
  adamw(),
  lion({ weightDecay: 0.1 }),
  muonWith(adamw()),
  rmsprop({ centered: true, momentum: 0.9 }),
  sgd(),
  sgd({ momentum: 0.9, dampening: 0.1 }),
  sgd({ momentum: 0.9, nesterov: true }),
];

test.each(OTHERS.map((optimizer, i) => ({ name: `${optimizer.name} ${i}`, optimizer })))(
  '$name is that of the CPU trainer',
  async ({ optimizer }) => {
    const { name, loss, batch } = cases.find(one => one.name.includes('residual')) as TrainingCase;
    const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
    const step = await makeTrainingStep(model, { loss, dims: { batch }, optimizer });
    const trainer = new CpuTraining(makeProgram(step, await lower(step.model, TRAINING), optimizer));
    trainer.write(initialState(step, optimizer));
    const made = train(model, { loss, optimizer, batch }, name, RATE);
    const given = { x: readFloats(`${name}.x`), [step.target]: readFloats(`${name}.target`) };
    for (let t = 0; t < 4; t++) {
      for (const [input, values] of Object.entries(given)) {
        const array = trainer.array(input);
        array.set(values.subarray(t * array.length, (t + 1) * array.length));
      }
      const { value } = await made.next();
      expect(value).toBeCloseTo(trainer.step(optimizer.scalars(t + 1, RATE)), 4);
    }
  },
);

test('drawn pixels are places by the noise, in ONNX Runtime too', async () => {
  const options = { loss: 'mse', optimizer: sgd(), pixels: PIXELS } as const;
  const old = { ...lineModel(), opset: 13 };
  await expect(exportTrainingStep(old, options)).rejects.toThrow('need GridSample of opset 16');
  const file = readModel(await exportTrainingStep(lineModel(), options));
  const { target, scalars, noise, inputs } = JSON.parse(file.metadata.get('limner.training') ?? '');
  expect(inputs).toEqual([]);
  expect(file.inputs.find(({ name }) => name === target)?.dims).toEqual([1, 3, 13, 21]);
  const state = new Set(Object.keys(JSON.parse(file.metadata.get('limner.state') ?? '')));
  const constants = new Map([...file.constants].filter(([name]) => !state.has(name)));
  const session = await ort.InferenceSession.create(writeModel({ ...file, constants }));
  const picture = makePicture();
  for (const step of [0, 9]) {
    const feeds = new Map([
      [target, picture],
      [scalars, Float32Array.from(sgd().scalars(1, RATE))],
      [noise[0], uniformOf(3, step)],
      ...Array.from(state, name => [name, floats(file.constants.get(name) as Constant)] as const),
    ]);
    const tensors = Array.from(feeds, ([name, values]) => {
      const dims = file.inputs.find(input => input.name === name)?.dims?.map(Number) ?? [];
      return [name, new ort.Tensor('float32', values, dims)] as const;
    });
    const made = await session.run(Object.fromEntries(tensors));
    const plain = await makeTrainingStep(lineModel(), { loss: 'mse' });
    const trainer = new CpuTraining(makeProgram(plain, await lower(plain.model, TRAINING), sgd()));
    trainer.write(initialState(plain, sgd()));
    trainer.write(new Map(Object.entries(batchOf(picture, 3, step))));
    expect(Number(made.loss?.data[0])).toBeCloseTo(trainer.step(sgd().scalars(1, RATE)), 6);
  }
});

test('a batch that the model does not take is refused', async () => {
  const model = readModel(readFileSync(`${CACHE}/training-painter.onnx`));
  const fixed = { ...model, inputs: model.inputs.map(value => ({ ...value, dims: [2, 1, 12, 16] })) };
  const options = { loss: 'l1', optimizer: sgd(), batch: 3 } as const;
  await expect(exportTrainingStep(fixed, options)).rejects.toThrow('takes 2 examples at once');
});
