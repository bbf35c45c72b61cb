// What a trainer does, on any backend.

import { describe, expect, test } from 'vitest';
import { CpuExecutor } from '../engine/cpu/executor.ts';
import { lower } from '../engine/graph/lowering/lower.ts';
import { constantOf, floats } from '../engine/onnx/constant.ts';
import { bindDims } from '../engine/onnx/free-dims.ts';
import { type OnnxModel, readModel } from '../engine/onnx/model.ts';
import { NodeWriter } from '../engine/onnx/node-writer.ts';
import {
  adam,
  type Batch,
  createTrainer,
  DivergenceError,
  sgd,
  type Trainer,
  type TrainerOptions,
  type TrainingBackendName,
} from '../engine/training/index.ts';
import { TrainingLoop } from '../engine/training/training-loop.ts';
import { OPTIMIZERS } from './training-optimizers.ts';
import type { TrainingCase } from './training-steps.ts';

export interface Suite {
  readonly backend: TrainingBackendName;
  readonly cases: readonly TrainingCase[];
  /** Steps of a case that are compared with torch's. */
  readonly stepsOf: (name: string) => number;
  /** How far a number of the state may be from torch's; any, if it is not given: Adam takes whole steps by gradients
   * that are nearly zero. */
  readonly maxApart?: number;
  readonly readBytes: (file: string) => Promise<Uint8Array>;
  readonly readFloats: (file: string) => Promise<Float32Array>;
  /** Takes the device away. */
  readonly lose: (trainer: Trainer) => void | Promise<void>;
}

/** The batches of a case. */
export async function batchesOf({ readFloats }: Suite, { name, steps }: TrainingCase) {
  const [x, target] = [await readFloats(`${name}.x`), await readFloats(`${name}.target`)];
  const part = (all: Float32Array, step: number) => {
    const size = all.length / steps;
    return all.slice((step % steps) * size, ((step % steps) + 1) * size);
  };
  return (step: number): Batch => ({ x: part(x, step), target: part(target, step) });
}

const BATCH = 4;
const [INPUTS, HIDDEN, OUTPUTS] = [6, 9, 3];

/** A perceptron with dropout, which draws random numbers. */
export function perceptron(): OnnxModel {
  const writer = new NodeWriter(['x', 'w1', 'b1', 'w2', 'y'], 17);
  const hidden = writer.add('Relu', [writer.plus(writer.add('MatMul', ['x', 'w1']), 'b1')]);
  const kept = writer.add('Dropout', [hidden, writer.number(0.3)]);
  writer.addNamed('y', 'MatMul', [kept, 'w2']);
  const weights = (name: string, dims: readonly number[]) =>
    constantOf(
      name,
      dims,
      spread(
        dims.reduce((a, b) => a * b, 1),
        name.length,
      ),
    );
  const constants = [
    weights('w1', [INPUTS, HIDDEN]),
    weights('b1', [HIDDEN]),
    weights('w2', [HIDDEN, OUTPUTS]),
  ];
  return {
    size: 0,
    opset: 17,
    metadata: new Map([['limner.name', 'A perceptron']]),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, ...constants.map(one => [one.name, one] as const)]),
    inputs: [{ name: 'x', type: 1, dims: ['batch', INPUTS] }],
    outputs: [{ name: 'y', type: 1, dims: ['batch', OUTPUTS] }],
  };
}

/** Numbers between -0.5 and 0.5 that follow no row. */
const spread = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => (((i + seed) * 0.618034) % 1) - 0.5);

export const smallBatch = (step: number): Batch => ({
  x: spread(BATCH * INPUTS, step),
  target: spread(BATCH * OUTPUTS, 2 * step),
});

/** What a file computes, on the CPU. */
export async function runFile(bytes: Uint8Array, x: Float32Array, batch: number): Promise<Float32Array> {
  const executor = new CpuExecutor(await lower(bindDims(readModel(bytes), { batch }, false)));
  executor.array('x').set(x);
  executor.run();
  return Float32Array.from(executor.array('y'));
}

/** What a trainer has learned: the file's constants, and the weights of its adversary. */
async function learnedState(trainer: Trainer): Promise<Map<string, Float32Array>> {
  const { constants } = readModel(await trainer.save());
  const saved = Array.from(constants, ([name, constant]) => [name, floats(constant)] as const);
  if (!(trainer instanceof TrainingLoop)) throw new Error('The trainer is another one.');
  const names = trainer.training.step.parameters.map(one => one.name).filter(name => !constants.has(name));
  return new Map([...saved, ...(await trainer.recovering.read(names))]);
}

/** Compares what was learned with torch's weights and statistics after as many steps. */
async function compareState(suite: Suite, { name, state }: TrainingCase, trainer: Trainer): Promise<void> {
  const learned = await learnedState(trainer);
  let compared = 0;
  for (const [i, key] of state.entries()) {
    const values = learned.get(key);
    if (!values) {
      expect(key, 'a discriminator has all its weights').not.toContain('discriminator');
      continue;
    }
    const apart = (await suite.readFloats(`${name}.state${i}`)).map((one, k) =>
      Math.abs(one - (values[k] ?? Number.NaN)),
    );
    const squares = apart.reduce((sum, one) => sum + one ** 2, 0);
    expect(Math.sqrt(squares / apart.length), key).toBeLessThan(5e-4);
    if (suite.maxApart !== undefined) expect(Math.max(...apart), key).toBeLessThan(suite.maxApart);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(0);
}

async function adversaryOf({ readBytes }: Suite, { name, adversary: weight }: TrainingCase) {
  if (weight === null) return {};
  return { adversary: { discriminator: readModel(await readBytes(`${name}.discriminator.onnx`)), weight } };
}

export function testTrainer(suite: Suite): void {
  const { backend, cases, lose } = suite;
  const trainers: Trainer[] = [];
  const make = async (model: Uint8Array | OnnxModel, options: Partial<TrainerOptions> = {}) => {
    const common = { loss: 'mse', optimizer: adam(), learningRate: 0.01, batch: BATCH, backend } as const;
    const trainer = await createTrainer(model, { ...common, ...options });
    trainers.push(trainer);
    return trainer;
  };

  describe('the losses are those of torch', () => {
    test.each(cases)('$name', async one => {
      const { name, loss, batch, losses, clip } = one;
      const [optimizer, learningRate] = OPTIMIZERS[one.optimizer];
      const made: number[] = [];
      const trainer = await make(await suite.readBytes(`${name}.onnx`), {
        loss,
        batch,
        clip,
        optimizer,
        learningRate,
        ...(await adversaryOf(suite, one)),
        onLosses: (first, values) => {
          expect(first).toBe(made.length);
          made.push(...values);
        },
      });
      const steps = Math.min(suite.stepsOf(name), one.steps);
      const nextBatch = await batchesOf(suite, one);
      const early = Math.min(steps, one.state_steps);
      expect(await trainer.runUntil(nextBatch, { steps: early })).toBe('steps');
      if (early === one.state_steps) await compareState(suite, one, trainer);
      if (early < steps) await trainer.runUntil(nextBatch, { steps: steps - early });
      expect(trainer.backend).toBe(backend);
      expect(made).toHaveLength(steps);
      for (const [step, value] of made.entries()) {
        const expected = losses[step] ?? 0;
        expect(Math.abs(value - expected) / expected, `step ${step}`).toBeLessThan(1e-3);
      }
      trainer.destroy();
    });
  });

  test('two trainings come to the same bits', async () => {
    const [one, other] = [await make(perceptron()), await make(perceptron())];
    for (const trainer of [one, other]) await trainer.runUntil(smallBatch, { steps: 8 });
    expect(await other.weights()).toEqual(await one.weights());
    const seeded = await make(perceptron(), { seed: 1 });
    await seeded.runUntil(smallBatch, { steps: 8 });
    expect(await seeded.weights()).not.toEqual(await one.weights());
    for (const trainer of trainers.splice(0)) trainer.destroy();
  });

  test('a run goes on after a lost device, with the same batches', async () => {
    const asked: number[] = [];
    const results = [];
    for (const isLost of [false, true]) {
      const trainer = await make(perceptron(), { snapshotEvery: 4 });
      const nextBatch = async (step: number): Promise<Batch> => {
        if (isLost) asked.push(step);
        if (isLost && step === 6 && asked.indexOf(6) === asked.length - 1) await lose(trainer);
        return smallBatch(step);
      };
      expect(await trainer.runUntil(nextBatch, { steps: 9 })).toBe('steps');
      results.push(await trainer.weights());
      trainer.destroy();
    }
    expect(results[1]).toEqual(results[0]);
    expect(asked.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const countOf = (step: number) => asked.filter(one => one === step).length;
    expect([3, 4, 5, 8].map(countOf)).toEqual([1, 2, 2, 1]);
  });

  test('a training that diverges stops, and the last good weights stay', async () => {
    const trainer = await make(perceptron(), { optimizer: sgd(), snapshotEvery: 5 });
    await trainer.runUntil(smallBatch, { steps: 5 });
    const good = await trainer.weights();
    trainer.learningRate = 1e30;
    const error: unknown = await trainer.runUntil(smallBatch, { steps: 200 }).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(DivergenceError);
    expect(String(error)).toMatch(/in step \d+; train with a smaller learning rate.*after 5 steps/);
    expect(trainer.steps).toBe(5);
    expect(await trainer.weights()).toEqual(good);
    trainer.learningRate = 0.01;
    await trainer.runUntil(smallBatch, { steps: 2 });
    expect(trainer.steps).toBe(7);
    trainer.destroy();
  });

  test('the saved file has the learned weights and the metadata', async () => {
    const trainer = await make(perceptron(), { optimizer: sgd() });
    await trainer.runUntil(smallBatch, { steps: 3 });
    const model = readModel(await trainer.save());
    expect(model.metadata.get('limner.name')).toBe('A perceptron');
    expect(model.inputs[0]?.dims).toEqual(['batch', INPUTS]);
    const weights = await trainer.weights();
    for (const [name, values] of weights) {
      const { bytes } = model.constants.get(name) ?? { bytes: new Uint8Array() };
      expect(new Float32Array(bytes.slice().buffer)).toEqual(values);
    }
    expect([...weights.keys()]).toEqual(['w1', 'b1', 'w2']);
    trainer.destroy();
  });

  test('a run ends with its trainer', async () => {
    const trainer = await make(perceptron());
    const error: unknown = await trainer
      .runUntil(
        step => {
          if (step === 3) setTimeout(() => trainer.destroy());
          return smallBatch(step);
        },
        { steps: 10_000 },
      )
      .catch((one: unknown) => one);
    expect(String(error)).toContain('The trainer was destroyed.');
  });

  test('a trainer begins anew', async () => {
    const trainer = await make(perceptron());
    await trainer.runUntil(smallBatch, { steps: 4 });
    const first = await trainer.weights();
    await trainer.restart();
    expect(trainer.steps).toBe(0);
    await trainer.runUntil(smallBatch, { steps: 4 });
    expect(await trainer.weights()).toEqual(first);
    const given = new Map([['b1', new Float32Array(HIDDEN).fill(0.25)]]);
    await trainer.restart(given);
    expect((await trainer.weights()).get('b1')).toEqual(given.get('b1'));
    trainer.destroy();
  });
}
