// Some steps on small networks, against torch in float64.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { TRAINING } from '../../engine/graph/lowering/training.ts';
import { readModel } from '../../engine/onnx/model.ts';
import type { ClipOptions } from '../../engine/training/clipping.ts';
import { CpuTrainer } from '../../engine/training/cpu-trainer.ts';
import type { LossName } from '../../engine/training/losses.ts';
import { adam, adamw } from '../../engine/training/optimizers/adam.ts';
import { muonWith } from '../../engine/training/optimizers/muon.ts';
import { sgd } from '../../engine/training/optimizers/sgd.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { CACHE } from '../cases.ts';

interface Case {
  readonly name: string;
  readonly loss: LossName;
  readonly steps: number;
  readonly batch: number;
  /** torch's losses, one for each step. */
  readonly losses: readonly number[];
  readonly clip: ClipOptions;
  readonly optimizer: keyof typeof OPTIMIZERS;
  /** Names of torch's weights and statistics at the end. */
  readonly state: readonly string[];
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

describe('the losses are those of torch', () => {
  test.each(cases)('$name', async ({ name, loss, steps, batch, clip, losses, state, ...given }) => {
    const model = readModel(readFileSync(`${CACHE}/${name}.onnx`));
    const [optimizer, rate] = OPTIMIZERS[given.optimizer];
    const step = await makeTrainingStep(model, { loss, dims: { batch }, clip, optimizer });
    const trainer = new CpuTrainer(step, await lower(step.model, TRAINING), optimizer);
    const [inputs, targets] = [read(`${name}.x`), read(`${name}.target`)];
    const [x, target] = [trainer.array('x'), trainer.array(step.target)];
    for (let t = 0; t < steps; t++) {
      x.set(inputs.subarray(t * x.length, (t + 1) * x.length));
      target.set(targets.subarray(t * target.length, (t + 1) * target.length));
      const expected = losses[t] ?? 0;
      expect(Math.abs(trainer.run(rate) - expected) / expected, `step ${t}`).toBeLessThan(1e-3);
    }
    for (const [i, key] of state.entries()) {
      const made = step.model.inputs.some(input => input.name === key) ? trainer.array(key) : null;
      if (!made) continue;
      const apart = read(`${name}.state${i}`).map((value, k) => Math.abs(value - (made[k] ?? Number.NaN)));
      expect(Math.max(...apart), key).toBeLessThan(2e-3);
    }
  });
});
