// The trainer on the CPU, and what it says of wrong batches and options.

import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { describe, expect, test, vi } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { readLook } from '../../engine/look.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import type { TrainingBackend } from '../../engine/training/backend.ts';
import { CpuSession } from '../../engine/training/cpu-session.ts';
import {
  adam,
  type Batch,
  createTrainer,
  type Trainer,
  type TrainerOptions,
} from '../../engine/training/index.ts';
import { RecoveringBackend, type RecoveryOptions } from '../../engine/training/recovering-backend.ts';
import { TrainingLoop } from '../../engine/training/training-loop.ts';
import { CACHE } from '../cases.ts';
import { largestDifference } from '../compare.ts';
import { lineModel, makePicture, PIXELS, testPixelBatches } from '../pixel-batches.ts';
import { batchesOf, perceptron, runFile, type Suite, smallBatch, testTrainer } from '../trainer.ts';

const readBytes = async (file: string) => new Uint8Array(readFileSync(`${CACHE}/${file}`));

/** Takes a backend away, as a lost GPU does: its calls stay open. */
const lost = new WeakSet<TrainingBackend>();
const create = RecoveringBackend.create;
/** Bytes that were sent to the CPU in steps. */
let uploaded = 0;
const { answer } = CpuSession.prototype;
CpuSession.prototype.answer = function (request) {
  if (request.kind === 'step') for (const values of request.inputs.values()) uploaded += values.byteLength;
  return answer.call(this, request);
};
const losers = new WeakMap<TrainingBackend, (reason: string) => void>();
RecoveringBackend.create = (options: RecoveryOptions, initial) =>
  create(
    {
      ...options,
      make: async onLost => {
        const backend = await options.make(onLost);
        losers.set(backend, onLost);
        const { step } = backend;
        backend.step = (...given) =>
          lost.has(backend) ? new Promise(() => undefined) : step.apply(backend, given);
        return backend;
      },
    },
    initial,
  );

function backendOf(trainer: Trainer): TrainingBackend {
  if (!(trainer instanceof TrainingLoop)) throw new Error('The trainer is another one.');
  return trainer.recovering.backend;
}

const suite: Suite = {
  backend: 'cpu',
  cases: JSON.parse(readFileSync(`${CACHE}/training.json`, 'utf8')),
  // WebGPU takes all 20 of the look's steps; one takes this CPU 2.5 seconds.
  stepsOf: name => (name === 'training-lean' ? 6 : 100),
  maxApart: 2e-3,
  readBytes,
  readFloats: async file => new Float32Array((await readBytes(file)).buffer),
  lose: trainer => {
    const backend = backendOf(trainer);
    lost.add(backend);
    setTimeout(() => losers.get(backend)?.('The test took it away.'));
  },
};

testTrainer(suite);
testPixelBatches({ backend: 'cpu', lose: suite.lose, uploaded: () => uploaded });

const make = (options: Partial<TrainerOptions> = {}) =>
  createTrainer(perceptron(), {
    loss: 'mse',
    optimizer: adam(),
    learningRate: 0.01,
    batch: 4,
    backend: 'cpu',
    ...options,
  });
const batch = (): Batch => ({ x: new Float32Array(24), target: new Float32Array(12) });

test('an adversary that cannot judge is refused with the reason', async () => {
  const model = perceptron();
  const judge: OnnxModel = { ...model, inputs: [{ name: 'x', type: 1, dims: ['batch', 3] }] };
  const refused = (discriminator: OnnxModel, weight = 1, options: Partial<TrainerOptions> = {}) =>
    expect(make({ adversary: { discriminator, weight }, ...options })).rejects;
  await refused({ ...judge, inputs: [...judge.inputs, { name: 'more', type: 1, dims: [1] }] }).toThrow(
    'has 2 inputs',
  );
  await refused({ ...judge, inputs: [] }).toThrow('has 0 inputs; it needs one');
  await refused(judge).toThrow('MatMul'); // three numbers, and weights for six
  await refused(judge, Number.NaN).toThrow("adversary's weight is NaN");
  await refused(judge, 1, { loss: 'crossEntropy' }).toThrow('judges pictures');
});

test('pixels that cannot be drawn are refused with the reason', async () => {
  const model = lineModel();
  const options = { loss: 'mse', optimizer: adam(), learningRate: 0.01, backend: 'cpu' } as const;
  const refused = (pixels: Partial<typeof PIXELS>, more: Partial<TrainerOptions> = {}, given = model) =>
    expect(createTrainer(given, { ...options, pixels: { ...PIXELS, ...pixels }, ...more })).rejects;
  await refused({ width: 0 as never }).toThrow(
    'pixels.width is given as 0; give a whole number from 1 to 65536.',
  );
  await refused({ height: 1.5 as never }).toThrow('pixels.height is given as 1.5');
  await refused({ coordinates: 'x' as never }).toThrow("pixels.coordinates 'x' is none of the model");
  const two = { ...model, inputs: [{ name: 'xy', type: 1, dims: [2, 2, 5, 8] }] };
  await refused({}, {}, two).toThrow("pixels.coordinates 'xy' is 2 x 2 x 5 x 8; name an input of 1 x 2 x");
  await refused({}, { loss: 'crossEntropy' }).toThrow('crossEntropy does not compare: use mse or l1');
  await refused({}, { loss: 'bceWithLogits' }).toThrow('bceWithLogits does not compare');
  await refused({}, { adversary: {} as never }).toThrow('pixels go with no adversary');
  const trainer = await createTrainer(model, { ...options, pixels: PIXELS });
  await expect(trainer.step({ target: makePicture().subarray(1) })).rejects.toThrow(
    "'target' of the batch needs 819 numbers (1 x 3 x 13 x 21) and has 818.",
  );
  const bad = makePicture();
  bad[7] = Number.NaN;
  await expect(trainer.step({ target: bad })).rejects.toThrow('is NaN at index 7; give finite numbers.');
  trainer.destroy();
});

test('a lost device changes nothing in steps that were given one by one', async () => {
  const losses: [number[], number[]] = [[], []];
  const results = [];
  for (const [i, isLost] of [false, true].entries()) {
    const trainer = await make({
      snapshotEvery: 4,
      onLosses: (first, values) => {
        expect(first).toBe(losses[i]?.length);
        losses[i]?.push(...values);
      },
    });
    for (let step = 0; step < 11; step++) {
      await trainer.step(smallBatch(step));
      if (isLost && step === 6) await suite.lose(trainer);
    }
    await trainer.finished();
    results.push([await trainer.weights(), await trainer.save()]);
    expect(trainer.steps).toBe(11);
    trainer.destroy();
  }
  expect(losses[1]).toEqual(losses[0]);
  expect(losses[0]).toHaveLength(11);
  expect(results[1]).toEqual(results[0]);
});

test('losses are read at most four times a second, and all of them', async () => {
  let now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const told: [number, number][] = [];
  try {
    // Snapshots need the losses too.
    const options = {
      snapshotEvery: 1000,
      onLosses: (first: number, { length }: Float32Array) => told.push([first, length]),
    };
    const trainer = await make(options);
    for (let step = 0; step < 12; step++) {
      await trainer.step(smallBatch(step));
      now += 100;
    }
    // Every third step is 250 ms after the reading before; the first has none before it.
    expect(told).toEqual([
      [0, 1],
      [1, 3],
      [4, 3],
      [7, 3],
    ]);
    await trainer.finished();
    expect(told.at(-1)).toEqual([10, 2]);
    trainer.destroy();
  } finally {
    clock.mockRestore();
  }
});

describe('a wrong batch', () => {
  const cases: [string, () => Record<string, unknown>, RegExp][] = [
    ['lacks an input', () => ({ x: batch().x }), /lacks 'target', a Float32Array of 12; it has: x, target/],
    [
      'has another length',
      () => ({ ...batch(), x: new Float32Array(6) }),
      /'x'.*24 numbers \(4 x 6\).*has 6/,
    ],
    [
      'has NaN',
      () => ({ ...batch(), x: batch().x?.fill(Number.NaN, 5) }),
      /'x' of the batch is NaN at index 5/,
    ],
    ['has one input more', () => ({ ...batch(), y: new Float32Array(1) }), /has no 'y'; it has: x, target/],
    ['is no Float32Array', () => ({ ...batch(), x: Array(24).fill(0) }), /lacks 'x', a Float32Array of 24/],
  ];
  test.each(cases)('%s', async (_, given, sentence) => {
    const trainer = await make();
    await expect(trainer.step(given() as Batch)).rejects.toThrow(sentence);
    await expect(trainer.runUntil(() => given() as Batch, { steps: 1 })).rejects.toThrow(sentence);
    expect(trainer.steps).toBe(0);
  });
});

test('a class that the model does not have', async () => {
  const trainer = await make({ loss: 'crossEntropy' });
  const { x = new Float32Array() } = batch();
  for (const wrong of [3, -1, 0.5]) {
    const target = Float32Array.of(0, 1, wrong, 2);
    await expect(trainer.step({ x, target })).rejects.toThrow(
      `'target' of the batch is ${wrong} at index 2; give classes from 0 to 2`,
    );
  }
  await trainer.step({ x, target: Float32Array.of(0, 1, 2, 2) });
});

describe('wrong options', () => {
  test.each([
    [{ batch: 0 }, /batch is given as 0/],
    [{ batch: 2.5 }, /batch is given as 2.5/],
    [{ seed: -1 }, /seed is given as -1; give a whole number from 0 to 16777215/],
    [{ seed: 0.5 }, /seed is given as 0.5/],
    [{ seed: 2 ** 24 }, /seed is given as 16777216/],
    [{ snapshotEvery: 0 }, /snapshotEvery is given as 0/],
    [{ parameters: ['w3'] }, /no constant 'w3' to train/],
    [{ backend: 'cpu', device: {} as GPUDevice }, /Only WebGPU takes a device/],
  ] as [Partial<TrainerOptions>, RegExp][])('%o', async (options, sentence) => {
    await expect(make(options)).rejects.toThrow(sentence);
  });

  test('a rate that is no number', async () => {
    const trainer = await make({ learningRate: step => 1 / (step - 1) });
    await trainer.step(batch());
    await expect(trainer.step(batch())).rejects.toThrow('The learning rate of step 1 is Infinity');
  });

  test('a run without an end, and two at once', async () => {
    const trainer = await make();
    await expect(trainer.runUntil(batch, {})).rejects.toThrow('needs an end');
    const running = trainer.runUntil(batch, { steps: 2 });
    await expect(trainer.runUntil(batch, { steps: 1 })).rejects.toThrow('runs already');
    expect(await running).toBe('steps');
  });
});

describe('a run ends', () => {
  test('at a loss', async () => {
    const trainer = await make();
    expect(await trainer.runUntil(batch, { loss: 1e-3 })).toBe('loss');
  });

  test('after a time', async () => {
    const trainer = await make();
    expect(await trainer.runUntil(batch, { milliseconds: 30 })).toBe('milliseconds');
    expect(trainer.steps).toBeGreaterThan(0);
  });

  test('by a signal', async () => {
    const trainer = await make();
    const signal = AbortSignal.timeout(20);
    expect(await trainer.runUntil(batch, { signal })).toBe('signal');
  });
});

test('weights are read between the steps of a run', async () => {
  const trainer = await make();
  const running = trainer.runUntil(batch, { steps: 50 });
  await trainer.weights();
  expect(trainer.steps).toBeLessThan(50);
  expect(await running).toBe('steps');
});

test('after the last loss the weights of the snapshot are there', async () => {
  const reasons: string[] = [];
  const trainer = await make({ snapshotEvery: 2, onLost: reason => reasons.push(reason) });
  for (let step = 0; step < 2; step++) await trainer.step(batch());
  const good = await trainer.weights();
  for (let losses = 0; losses < 3; losses++) {
    losers.get(backendOf(trainer))?.('The test took it away.');
    await trainer.step(batch()).catch(() => undefined);
  }
  expect(reasons).toEqual(['The test took it away.']);
  await expect(trainer.step(batch())).rejects.toThrow('lost for good');
  expect((await trainer.weights()).size).toBe(good.size);
  await trainer.save();
});

test('only the parameters that are named learn', async () => {
  const trainer = await make({ parameters: ['w2'] });
  const { x } = batch();
  const given = { x: x?.fill(0.5) ?? new Float32Array(), target: new Float32Array(12).fill(1) };
  await trainer.runUntil(() => given, { steps: 3 });
  const saved = readModel(await trainer.save());
  const before = perceptron().constants;
  expect(saved.constants.get('w1')?.bytes).toEqual(before.get('w1')?.bytes);
  expect(saved.constants.get('w2')?.bytes).not.toEqual(before.get('w2')?.bytes);
});

describe('ONNX Runtime computes the same from the saved file', () => {
  const networks = ['training-lenet', 'training-residual', 'training-painter'];
  test.each(suite.cases.filter(({ name }) => networks.includes(name)))('$name', async one => {
    const trainer = await createTrainer(await readBytes(`${one.name}.onnx`), {
      loss: one.loss,
      optimizer: adam(),
      learningRate: 0.001,
      batch: one.batch,
      backend: 'cpu',
    });
    const batches = await batchesOf(suite, one);
    await trainer.runUntil(batches, { steps: 5 });
    const bytes = await trainer.save();
    const { x = new Float32Array() } = batches(0);
    const made = await runFile(bytes, x, one.batch);
    const session = await ort.InferenceSession.create(bytes);
    const dims = trainer.inputs.find(({ name }) => name === 'x')?.dims ?? [];
    const { y } = await session.run({ x: new ort.Tensor('float32', x, dims) });
    const expected = (y?.data ?? new Float32Array()) as Float32Array;
    expect(largestDifference(made, expected)).toBeLessThan(1e-4);
    await session.release();
  });
});

test('a look learns, and is a look again', async () => {
  const [image, painting] = [2, 2].map(count => new Float32Array(count * 3 * 64 * 64).fill(0.5));
  const losses: number[] = [];
  const trainer = await createTrainer(await readBytes('lean-64-uint16-colour.onnx'), {
    loss: 'l1',
    optimizer: adam(),
    learningRate: 0.001,
    batch: 2,
    backend: 'cpu',
    onLosses: (_, values) => losses.push(...values),
  });
  const given = { image: image ?? new Float32Array(), target: painting ?? new Float32Array() };
  await trainer.runUntil(() => ({ ...given, contrast: Float32Array.of(1.5) }), { steps: 3 });
  expect(losses[2]).toBeLessThan(losses[0] ?? 0);
  const bytes = await trainer.save();
  const { info } = await readLook(bytes);
  expect([info.name, info.pixels, Object.keys(info.live)]).toEqual([
    'lean uint16',
    64,
    ['brightness', 'contrast'],
  ]);
  const one = given.image.map((_, i) => (i % 97) / 97).subarray(0, 3 * 64 * 64);
  const executor = new CpuExecutor(await lower(readModel(bytes)));
  executor.array('image').set(one);
  executor.run();
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const made = await session.run({ image: new ort.Tensor('float32', one, [1, 3, 64, 64]) });
  for (const name of ['painting', 'guide']) {
    const expected = made[name]?.data as Float32Array;
    expect(largestDifference(Float32Array.from(executor.array(name)), expected), name).toBeLessThan(1e-4);
  }
  await session.release();
});
