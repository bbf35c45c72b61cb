// A loss that is recovered from is counted, and no backend outlives the trainer that made it, whenever that is destroyed.

import { expect, test } from 'vitest';
import type { TrainingBackend } from '../../engine/training/backend.ts';
import { keepTarget } from '../../engine/training/kept-target.ts';
import { RecoveringBackend } from '../../engine/training/recovering-backend.ts';

/** A backend that computes nothing. */
class FakeBackend implements TrainingBackend {
  readonly name = 'cpu';
  readonly adapter = 'none';
  isDestroyed = false;

  constructor(readonly lose: (reason: string) => void) {}

  readonly write = async (): Promise<void> => undefined;
  readonly read = async (): Promise<Map<string, Float32Array>> => new Map();
  readonly step = async (): Promise<void> => undefined;
  readonly losses = async (): Promise<Float32Array> => new Float32Array();
  readonly finished = async (): Promise<void> => undefined;

  destroy(): void {
    this.isDestroyed = true;
  }
}

const USUAL = { onLost: () => undefined };

/** A promise that is kept when `open` is called. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>(resolve => {
    open = resolve;
  });
  return { passed, open };
}

/** Makes fake backends; the second one waits for `release`. */
function fakes() {
  const made: FakeBackend[] = [];
  const [asked, released] = [gate(), gate()];
  const make = async (lose: (reason: string) => void): Promise<TrainingBackend> => {
    if (made.length > 0) {
      asked.open();
      await released.passed;
    }
    const backend = new FakeBackend(lose);
    made.push(backend);
    return backend;
  };
  return { made, make, asked: asked.passed, release: released.open };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 20));

test('a backend that comes after the end is destroyed', async () => {
  const { made, make, asked, release } = fakes();
  const recovering = await RecoveringBackend.create({ make, delays: [0], ...USUAL }, new Map());
  made[0]?.lose('The test took it away.');
  const reading = recovering.read([]);
  reading.catch(() => undefined);
  await asked;
  recovering.destroy();
  release();
  await expect(reading).rejects.toThrow('The trainer was destroyed.');
  expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true]);
});

test('none is made after the end', async () => {
  const { made, make, release } = fakes();
  release();
  const recovering = await RecoveringBackend.create({ make, delays: [10], ...USUAL }, new Map());
  made[0]?.lose('The test took it away.');
  const reading = recovering.read([]);
  reading.catch(() => undefined);
  await Promise.resolve();
  recovering.destroy();
  await expect(reading).rejects.toThrow('The trainer was destroyed.');
  await settled();
  expect(made).toHaveLength(1);
});

test('a recovery is counted when the steps are computed again', async () => {
  const { made, make, asked, release } = fakes();
  const recovering = await RecoveringBackend.create(
    { make, delays: [0, 0], onLost: () => undefined },
    new Map(),
  );
  await recovering.read([]);
  made[0]?.lose('The test took it away.');
  const reading = recovering.read([]);
  await asked;
  await settled();
  expect(recovering.recoveries).toBe(0);
  release();
  await reading;
  await recovering.read([]);
  expect(recovering.recoveries).toBe(1);
});

test('a loss for good is no recovery', async () => {
  const { made, make, release } = fakes();
  release();
  const reasons: string[] = [];
  const recovering = await RecoveringBackend.create(
    { make, delays: [0], onLost: reason => reasons.push(reason) },
    new Map(),
  );
  made[0]?.lose('first');
  await recovering.read([]);
  made[1]?.lose('second');
  await expect(recovering.read([])).rejects.toThrow('lost for good');
  expect(recovering.recoveries).toBe(1);
  expect(reasons).toEqual(['second']);
});

test('one that refuses the first state is destroyed', async () => {
  const made: FakeBackend[] = [];
  const make = async (lose: (reason: string) => void): Promise<TrainingBackend> => {
    const backend = Object.assign(new FakeBackend(lose), {
      write: () => Promise.reject(new Error('The state is refused.')),
    });
    made.push(backend);
    return backend;
  };
  const options = { make, delays: [0], ...USUAL };
  await expect(RecoveringBackend.create(options, new Map())).rejects.toThrow('The state is refused.');
  expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual([true]);
});

test('a kept target is given once, when it is another array, and after a loss', async () => {
  const given: string[][] = [];
  const made: FakeBackend[] = [];
  const make = async (lose: (reason: string) => void): Promise<TrainingBackend> => {
    const step = async (inputs: ReadonlyMap<string, Float32Array>): Promise<void> => {
      given.push([...inputs.keys()]);
    };
    made.push(new FakeBackend(lose));
    return keepTarget(Object.assign(made.at(-1) as FakeBackend, { step }), 'picture');
  };
  const options = { ...USUAL, make, delays: [0] };
  const recovering = await RecoveringBackend.create(options, new Map());
  const [first, other, x] = [Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)];
  for (const picture of [first, first, other, other]) {
    const inputs = new Map(Object.entries({ x, picture }));
    await recovering.step({ batch: () => inputs, scalars: [], bytes: 0 });
  }
  expect(given.splice(0)).toEqual([['x', 'picture'], ['x'], ['x', 'picture'], ['x']]);
  made[0]?.lose('The test took it away.');
  await recovering.finished();
  expect(given).toEqual([['x', 'picture'], ['x'], ['x', 'picture'], ['x']]);
  recovering.destroy();
});
