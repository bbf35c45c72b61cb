// The page's worker with ONNX Runtime (WASM) keeps a look's state from painting to painting.

import { readFileSync } from 'node:fs';
import { afterAll, expect, test, vi } from 'vitest';
import { CpuExecutor } from '../../../engine/cpu/executor.ts';
import { lower } from '../../../engine/graph/lowering/lower.ts';
import { readLookInfo } from '../../../engine/index.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { splitState } from '../../../engine/state.ts';
import { removeDefaults } from '../../../player/painters/wasm/live-inputs.ts';
import type { Reply, Request } from '../../../player/painters/wasm/protocol.ts';
import { planesToRgba, rgbaToPlanes } from '../../../shared/planes.ts';
import { CACHE } from '../../cases.ts';

const [HEIGHT, WIDTH] = [24, 32];

/** The worker in this thread. */
async function startWorker(): Promise<(request: Request) => Promise<Reply>> {
  let answer: (reply: Reply) => void = () => undefined;
  let handle: (event: { data: Request }) => void = () => undefined;
  vi.stubGlobal('self', {
    postMessage: (reply: Reply) => answer(reply),
    addEventListener: (_: string, listener: typeof handle) => {
      handle = listener;
    },
  });
  await import('../../../player/painters/wasm/worker.ts');
  return request =>
    new Promise(resolve => {
      answer = resolve;
      handle({ data: request });
    });
}

const ask = await startWorker();
afterAll(() => vi.unstubAllGlobals());

test.each([
  ['state-mixing', false],
  ['state-smoothed-guide', true],
  ['state-sampled', false],
])('%s', async (name, hasGuide) => {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`));
  const { state } = await readLookInfo(bytes);
  const model = removeDefaults(bytes, new Set(['rate', ...state.map(({ input }) => input)]));
  const { whole } = splitState(readModel(bytes), true);
  const executor = new CpuExecutor(await lower(whole));
  const live = whole.inputs.some(input => input.name === 'rate') ? { rate: 0.3 } : {};
  for (const [input, value] of Object.entries(live)) executor.array(input).fill(value);
  for (const { input, initial } of state) executor.array(input).set(initial ?? []);
  const load = { kind: 'load', model, width: WIDTH, height: HEIGHT, live: Object.keys(live), state } as const;
  expect((await ask(load)).kind).toBe('loaded');
  for (let run = 0; run < 12; run++) {
    const rgba = Uint8ClampedArray.from({ length: 4 * WIDTH * HEIGHT }, (_, i) => (i * (run + 3)) % 256);
    const planes = new Float32Array(3 * WIDTH * HEIGHT);
    rgbaToPlanes(rgba, planes);
    executor.array('image').set(planes);
    executor.run();
    const expected = planesToRgba(Float32Array.from(executor.array('painting')), WIDTH * HEIGHT);
    // The guide is asked for now and then; that must not matter.
    const reply = await ask({ kind: 'paint', rgba, live, guide: run % 3 === 1 });
    if (reply.kind !== 'painted') throw new Error(JSON.stringify(reply));
    const apart = reply.painting.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? -9))),
      0,
    );
    expect(apart, `painting ${run}`).toBeLessThanOrEqual(1);
    if (hasGuide && run % 3 === 1) expect(reply.guide).not.toBeNull();
    const next = state.map(({ input, output }) => [input, executor.array(output).slice()] as const);
    for (const [input, values] of next) executor.array(input).set(values);
  }
});
