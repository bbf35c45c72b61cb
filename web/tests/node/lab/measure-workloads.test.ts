// What a run times, with engines of the test: a run may be stopped while they load.

import { expect, test, vi } from 'vitest';
import type { BackendState } from '../../../lab/measure/backends.ts';
import { makeInference } from '../../../lab/measure/inference.ts';
import type { TimedNetwork } from '../../../lab/measure/networks.ts';
import { TrainingWorkload } from '../../../lab/measure/training.ts';

const engine = vi.hoisted(() => {
  const made = { destroyed: 0 };
  const waiting: (() => void)[] = [];
  const given: { onRevived?: (milliseconds: number) => void }[] = [];
  /** A trainer counts its recoveries itself. */
  const counts = { recoveries: 0 };
  /** What is made when the test says so. */
  const make = (_model: unknown, options: (typeof given)[number]) =>
    new Promise(resolve => {
      given.push(options);
      waiting.push(() =>
        resolve({
          get recoveries() {
            return counts.recoveries;
          },
          destroy: () => {
            made.destroyed++;
          },
        }),
      );
    });
  return { made, waiting, given, counts, make };
});

vi.mock('../../../engine/index.ts', () => ({ createPainter: engine.make, readModel: async () => ({}) }));
vi.mock('../../../engine/training/index.ts', () => ({
  adam: () => ({}),
  createEvaluator: engine.make,
  createTrainer: engine.make,
  readModel: () => ({}),
}));

const NETWORK: TimedNetwork = { name: 'net', shape: [1, 4], bytes: new Uint8Array(), inputs: [{}] };
const STATE: BackendState = { device: '', software: false, reason: null };

const MAKERS = {
  webgpu: () => makeInference(NETWORK, 'webgpu', STATE),
  cpu: () => makeInference(NETWORK, 'cpu', STATE),
  training: () => new TrainingWorkload(NETWORK, [], 'cpu', STATE),
};

async function finish(): Promise<void> {
  await vi.waitFor(() => expect(engine.waiting).not.toEqual([]));
  for (const resolve of engine.waiting.splice(0)) resolve();
}

test.each(['webgpu', 'cpu', 'training'] as const)(
  '%s that is stopped while it loads leaves nothing',
  async name => {
    engine.made.destroyed = 0;
    const workload = MAKERS[name]();
    const loading = workload.load();
    workload.destroy();
    await finish();
    await loading;
    expect(engine.made.destroyed).toBe(1);
    await expect(workload.run(1)).rejects.toThrow('is not loaded.');
  },
);

test.each(['webgpu', 'training'] as const)('%s counts how often its GPU came back', async name => {
  const workload = MAKERS[name]();
  const loading = workload.load();
  await finish();
  await loading;
  const before = workload.revivals;
  engine.given.at(-1)?.onRevived?.(20);
  engine.counts.recoveries++;
  expect(workload.revivals).toBe(before + 1);
});
