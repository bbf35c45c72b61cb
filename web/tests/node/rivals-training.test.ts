// The training benchmark: its rival learns the same network on the same batches as limner.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeJax } from '../../bench/training/jax.ts';
import type { Learner } from '../../bench/training/learner.ts';
import { makeLesson } from '../../bench/training/lesson.ts';
import { makeLimner } from '../../bench/training/limner.ts';

const STEPS = 3;

// The build of the benchmark defines the versions.
Object.assign(globalThis, { __JAX__: '', __LIMNER__: '' });

async function learn(learner: Learner): Promise<readonly number[]> {
  for (let i = 0; i < STEPS; i++) await learner.step();
  return learner.finished();
}

test('jax-js has the losses of limner', async () => {
  const lesson = makeLesson(readFileSync(new URL('../../.cache/training-lenet.onnx', import.meta.url)));
  const rival = makeJax('wasm');
  await rival.prepare();
  const expected = await learn(await makeLimner('cpu').create(lesson));
  const losses = await learn(await rival.create(lesson));
  expect(losses).toHaveLength(STEPS);
  for (const [i, loss] of losses.entries()) expect(loss / (expected[i] ?? 0)).toBeCloseTo(1, 5);
});
