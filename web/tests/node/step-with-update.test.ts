// A training step with its update, as a file in ONNX Runtime: the losses of some steps are torch's.

import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { toStandardOperators } from '../../engine/autograd/standard-operators.ts';
import { floats } from '../../engine/onnx/constant.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import type { ClipOptions } from '../../engine/training/clipping.ts';
import type { LossName } from '../../engine/training/losses.ts';
import { adam, adamw } from '../../engine/training/optimizers/adam.ts';
import { muonWith } from '../../engine/training/optimizers/muon.ts';
import { sgd } from '../../engine/training/optimizers/sgd.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { writeStepWithUpdate } from '../../engine/training/step-with-update.ts';
import { CACHE } from '../cases.ts';

interface Case {
  readonly name: string;
  readonly loss: LossName;
  readonly batch: number;
  readonly losses: readonly number[];
  readonly clip: ClipOptions;
  readonly optimizer: keyof typeof OPTIMIZERS;
}

const cases: Case[] = JSON.parse(readFileSync(`${CACHE}/training.json`, 'utf8'));
const read = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** With their rates. */
const OPTIMIZERS = {
  adam: [adam(), 0.001],
  muon: [muonWith(adamw(), { otherRate: 0.2 }), 0.01],
  sgd: [sgd({ momentum: 0.9 }), 0.1],
} as const;
const STEPS = 12;

test.each(cases)('$name', async ({ name, loss, batch, losses, clip, ...given }) => {
  const [optimizer, rate] = OPTIMIZERS[given.optimizer];
  const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
  const step = await makeTrainingStep(model, { loss, dims: { batch }, clip, optimizer });
  const { model: whole, scalars, next, slots } = writeStepWithUpdate(step, optimizer);
  const session = await ort.InferenceSession.create(writeModel(toStandardOperators(whole)));
  const state = new Map(
    [...step.parameters, ...step.statistics.map(({ constant }) => constant)].map(one => [
      one.name,
      floats(one),
    ]),
  );
  for (const { name: input, dims } of whole.inputs) {
    const size = (dims ?? []).reduce<number>((product, dim) => product * Number(dim), 1);
    const initial = slots.get(input);
    if (initial !== undefined) state.set(input, new Float32Array(size).fill(initial));
  }
  const [inputs, targets] = [read(`${name}.x`), read(`${name}.target`)];
  const steps = given.optimizer === 'muon' ? losses.length : STEPS;
  for (let t = 0; t < steps; t++) {
    const numbers = optimizer.scalars(t + 1, rate);
    const part = (all: Float32Array) => {
      const length = all.length / losses.length;
      return all.subarray(t * length, (t + 1) * length);
    };
    const feeds = Object.fromEntries(
      whole.inputs.map(({ name: input, dims }) => {
        const own = scalars.indexOf(input);
        const values =
          own >= 0
            ? Float32Array.of(numbers[own] ?? 0)
            : input === step.target
              ? part(targets)
              : (state.get(input) ?? part(inputs));
        return [input, new ort.Tensor('float32', values, (dims ?? []).map(Number))];
      }),
    );
    const made = await session.run(feeds);
    const expected = losses[t] ?? 0;
    const found = Number(made[step.loss]?.data[0]);
    expect(Math.abs(found - expected) / expected, `step ${t}`).toBeLessThan(1e-3);
    for (const [target, output] of next) state.set(target, made[output]?.data as Float32Array);
  }
  await session.release();
});
