// One training of the page: it learns, pauses, begins anew, and survives a divergence.

import { beforeEach, expect, test, vi } from 'vitest';
import { readModel } from '../../../engine/onnx/model.ts';
import type { Trainer } from '../../../engine/training/index.ts';
import type { MakeBatch } from '../../../player/learning/batches.ts';
import { Session, type SessionState } from '../../../player/learning/session.ts';
import { keyframeLearning, type LearningTask } from '../../../player/learning/task.ts';
import type { Painter } from '../../../player/painters/painter.ts';
import { drawPhoto, followedBy } from '../../learning.ts';

/** All trainers that were made, and those that were destroyed. */
const trainers = { made: [] as Trainer[], destroyed: new Set<Trainer>() };
vi.mock('../../../engine/training/index.ts', async importOriginal => {
  const engine = await importOriginal<typeof import('../../../engine/training/index.ts')>();
  const createTrainer: typeof engine.createTrainer = async (...given) => {
    const trainer = await engine.createTrainer(...given);
    const destroy = trainer.destroy.bind(trainer);
    trainer.destroy = () => {
      trainers.destroyed.add(trainer);
      destroy();
    };
    trainers.made.push(trainer);
    return trainer;
  };
  return { ...engine, createTrainer };
});

beforeEach(() => {
  trainers.made.length = 0;
  trainers.destroyed.clear();
});

const size = { width: 16, height: 16 };

function makeSession({ learningRate, batch = { gpu: 2, cpu: 2 } }: Partial<LearningTask> = {}) {
  const shown = drawPhoto(1, size, [0, 40, 80], [250, 200, 150]);
  const examples = [{ ...size, shown, painted: shown.map(value => 255 - value) }];
  const task = keyframeLearning(size, examples, () => ({ name: 'Style', from: 'One frame' }));
  const counts = new Set<number>();
  const makeBatch: MakeBatch = (step, count) => {
    counts.add(count);
    return task.makeBatch(step, count);
  };
  const states: SessionState[] = [];
  const errors: string[] = [];
  const page = {
    paintings: 0,
    file: Uint8Array.of() as Uint8Array,
    onState: (_: SessionState): unknown => undefined,
  };
  const session: Session = new Session(
    { ...task, ...(learningRate && { learningRate }), makeBatch, batch },
    {
      onChange: () => {
        if (states.at(-1) === session.state) return;
        states.push(session.state);
        page.onState(session.state);
      },
      onError: sentence => errors.push(sentence),
    },
    {
      ...followedBy(() => {
        page.paintings += 1;
      }),
      async make(_, file) {
        page.file = file;
        return {} as Painter;
      },
    },
  );
  return { session, states, errors, counts, page };
}

const until = (test: () => boolean) => vi.waitUntil(test, { timeout: 60_000, interval: 5 });

test('learns, pauses, goes on and begins anew', async () => {
  const { session, states, errors, page } = makeSession();
  await expect(session.save()).rejects.toThrow('Nothing was learned yet');
  const learning = session.learn();
  await until(() => session.losses.length >= 8);
  expect(session.stepsPerSecond).toBeGreaterThan(0);
  session.pause();
  await learning;
  expect(states).toEqual(['preparing', 'learning', 'pausing', 'paused']);
  expect(session.place).toBe('the CPU');
  await until(() => page.paintings > 0);
  expect(session.losses).toHaveLength(session.steps);
  expect(session.losses.at(-1)).toBeLessThan(session.losses[0] ?? 0);

  const [first] = session.losses;
  const model = readModel(await session.save());
  expect(model.metadata.get('limner.name')).toBe('Style (learned)');
  expect(model.inputs[0]?.dims).toEqual([1, 3, 16, 16]);

  await session.restart();
  expect([session.steps, session.losses]).toEqual([0, []]);
  const again = session.learn();
  await until(() => session.losses.length > 0);
  session.pause();
  await again;
  expect(session.losses[0]).toBe(first);
  expect(errors).toEqual([]);
  session.destroy();
});

test('a divergence is told, and the next try takes smaller steps', async () => {
  const { session, states, errors } = makeSession({ learningRate: 1e30 });
  await session.learn();
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/went astray at step \d+, so it stands at step 0 again.*smaller steps/);
  expect(states.at(-1)).toBe('paused');
  expect((await session.save()).length).toBeGreaterThan(1000);
  session.destroy();
});

test('without a GPU, a step has as many examples as the CPU takes', async () => {
  const { session, errors, counts } = makeSession({ batch: { gpu: 4, cpu: 3 } });
  const learning = session.learn();
  await until(() => session.losses.length > 0);
  session.pause();
  await learning;
  expect([[...counts], errors]).toEqual([[3], []]);
  session.destroy();
});

test('what was learned stays when paintings shall get sharper, and when they need not any more', async () => {
  const { session, states, errors } = makeSession();
  const learning = session.learn();
  await until(() => session.losses.length >= 4);
  await session.setSharp(true);
  await learning;
  const [steps, first] = [session.steps, session.losses[0]];
  expect(states).toContain('preparing');
  await until(() => session.state === 'learning' && session.losses.length >= steps + 4);
  await session.setSharp(false);
  await until(() => session.state === 'learning');
  session.pause();
  await until(() => session.state === 'paused');
  expect(session.losses).toHaveLength(session.steps);
  expect(session.losses[steps]).toBeLessThan(first ?? 0);
  const learned = readModel(await session.save());
  expect([...learned.constants.keys()].join()).not.toContain('discriminator');

  await session.restart();
  expect([session.steps, session.losses]).toEqual([0, []]);
  const again = session.learn();
  await until(() => session.losses.length > 0);
  session.pause();
  await again;
  expect(session.losses[0]).toBe(first);
  expect(errors).toEqual([]);
  session.destroy();
});

test('pictures that are too small to be judged go on as before', async () => {
  const { session, errors } = makeSession();
  const small: MakeBatch = (_, count) => {
    const planes = new Float32Array(count * 3 * 16);
    return { shown: planes, painted: planes };
  };
  const shown = new Uint8ClampedArray(64);
  const task = keyframeLearning(
    { width: 4, height: 4 },
    [{ width: 4, height: 4, shown, painted: shown }],
    () => ({
      name: 'Small',
      from: '',
    }),
  );
  const tiny = new Session({ ...task, makeBatch: small }, session.events, session.following);
  const learning = tiny.learn();
  await until(() => tiny.losses.length > 0);
  await expect(tiny.setSharp(true)).rejects.toThrow('4 pixels are too small');
  await learning;
  const { steps } = tiny;
  await until(() => tiny.steps > steps);
  tiny.pause();
  await until(() => tiny.state === 'paused');
  expect(errors).toEqual([]);
  tiny.destroy();
});

test('after it got sharper, to begin anew while it is paused resets the painting', async () => {
  const { session, page, errors } = makeSession();
  const learning = session.learn();
  await until(() => session.losses.length >= 4);
  await session.setSharp(true);
  await learning;
  await until(() => session.state === 'learning');
  session.pause();
  await until(() => session.state === 'paused');
  const learned = await session.save();
  await until(() => Buffer.compare(page.file, learned) === 0);
  const { paintings } = page;
  await session.restart();
  await until(() => page.paintings > paintings);
  expect(session.state).toBe('paused');
  const begun = await session.save();
  expect(Buffer.compare(begun, learned)).not.toBe(0);
  expect(Buffer.compare(page.file, begun)).toBe(0);
  expect(errors).toEqual([]);
  session.destroy();
});

test('to begin anew while it is about to get sharper waits for that, and no trainer is left', async () => {
  const { session, errors } = makeSession();
  void session.learn();
  await until(() => session.losses.length >= 4);
  await Promise.all([session.setSharp(true), session.restart(), session.setSharp(false)]);
  await until(() => session.state === 'learning' && session.losses.length >= 4);
  expect(trainers.made).toHaveLength(4);
  expect(trainers.made.filter(trainer => !trainers.destroyed.has(trainer))).toHaveLength(1);
  session.destroy();
  expect(trainers.destroyed.size).toBe(4);
  expect(errors).toEqual([]);
});

test('a session that ends while another trainer is made leaves none', async () => {
  const { session, page } = makeSession();
  void session.learn();
  await until(() => session.losses.length > 0);
  page.onState = state => state === 'preparing' && session.destroy();
  await session.setSharp(true);
  expect(trainers.destroyed.size).toBe(trainers.made.length);
});

test.each(['pausing', 'preparing'] as const)(
  'a pause while it is %s for sharper paintings wins',
  async when => {
    const { session, states, page } = makeSession();
    void session.learn();
    await until(() => session.losses.length > 0);
    let isDone = false;
    page.onState = state => {
      if (isDone || state !== when) return;
      isDone = true;
      session.pause();
    };
    await session.setSharp(true);
    states.length = 0;
    await new Promise(resolve => setTimeout(resolve, 50));
    expect([session.state, states]).toEqual(['paused', []]);
    expect(trainers.made).toHaveLength(2);
    session.destroy();
  },
);
