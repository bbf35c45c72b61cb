// One run of a network in a tab: what is played, told and begun anew, on the engine's CPU trainer.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as training from '../../../engine/training/index.ts';
import { drawTable, rangeOf } from '../../../lab/data/table.ts';
import { buildModel, layersOf, learnedNames } from '../../../lab/line/network.ts';
import { type Plan, Session, type Weights } from '../../../lab/network/session.ts';
import { SessionControl } from '../../../lab/network/session-control.ts';
import type { Host } from '../../../lab/shell/tab.ts';

vi.mock(import('../../../engine/training/index.ts'), async importOriginal => {
  const original = await importOriginal();
  return { ...original, createTrainer: vi.fn(original.createTrainer) };
});
const createTrainer = vi.mocked(training.createTrainer);

const table = drawTable();
const layers = layersOf({ hidden: 1, units: 5, act: 'sigmoid' });
const [sgd, adam] = [training.sgd(), training.adam()];

async function makePlan(part: Partial<Plan> = {}, seed = 1): Promise<Plan> {
  const model = await training.initialize(buildModel(layers, rangeOf(table.x), rangeOf(table.y)), { seed });
  const target = layers.at(-1)?.name ?? '';
  return {
    model,
    parameters: learnedNames(layers),
    loss: 'mse',
    optimizer: sgd,
    rate: 0.1,
    batch: 4,
    seed,
    steps: 1e6,
    makeBatch: () => ({ x: Float32Array.of(1, 2, 3, 4), [target]: Float32Array.of(0, 0.1, 0.2, 0.3) }),
    ...part,
  };
}

/** The page, as far as a run tells it. */
class FakeHost implements Host {
  isPlaying = false;
  readonly said: string[] = [];
  setPlaying = (isPlaying: boolean): void => {
    this.isPlaying = isPlaying;
  };
  setChip = (): void => undefined;
  say = (sentence: string): void => {
    this.said.push(sentence);
  };
  copy = (): void => undefined;
  update = (): void => undefined;
}

/** What a run tells, in order: the number of losses, or a new beginning. */
class Told {
  readonly all: (number | 'reset')[] = [];
  weights: Weights = new Map();
  onProgress = (losses: readonly number[], weights: Weights): void => {
    this.all.push(losses.length);
    this.weights = weights;
  };
  onReset = (): void => {
    this.all.push('reset');
  };
  get last(): number | 'reset' | undefined {
    return this.all.at(-1);
  }
}

const host = () => new FakeHost();
/** The machine may be busy. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000 });
const some = async (session: Session) => until(() => expect(session.steps).toBeGreaterThan(3));
/** Time for what is queued, if anything is. */
const settle = () => new Promise(resolve => setTimeout(resolve, 300));

let sessions: Session[] = [];
const watched = (session: Session): Session => {
  sessions.push(session);
  return session;
};

beforeEach(() => {
  sessions = [];
  createTrainer.mockClear();
});
afterEach(() => {
  for (const session of sessions) session.pause();
});

test('a pause tells the last step, and nothing goes on after it', async () => {
  const told = new Told();
  const page = host();
  const session = watched(new Session(await makePlan(), page, told));
  session.play();
  expect(page.isPlaying).toBe(true);
  await some(session);
  session.pause();
  await settle();
  expect(page.isPlaying).toBe(false);
  const steps = session.steps;
  expect(told.last).toBe(steps);
  await settle();
  expect(session.steps).toBe(steps);
});

test('another network while it plays makes one trainer, and nothing is told of the former one', async () => {
  const told = new Told();
  const session = watched(new Session(await makePlan(), host(), told));
  session.play();
  await some(session);
  expect(createTrainer).toHaveBeenCalledTimes(1);
  const other = await makePlan({}, 2);
  session.restart(other);
  const before = told.all.length;
  await until(() => expect(told.all.slice(before).length).toBeGreaterThan(1));
  expect(createTrainer).toHaveBeenCalledTimes(2);
  expect(createTrainer.mock.calls[1]?.[0]).toBe(other.model);
  expect(told.all[before]).toBe('reset');
});

test('another network while it stands still makes no trainer until it is played', async () => {
  const told = new Told();
  const session = watched(new Session(await makePlan(), host(), told));
  session.step();
  await until(() => expect(told.last).toBe(1));
  session.restart(await makePlan({}, 2));
  await until(() => expect(told.last).toBe('reset'));
  await settle();
  expect(createTrainer).toHaveBeenCalledTimes(1);
  expect(session.steps).toBe(0);
});

test('a run that is closed gives its trainer back, and begins anew with another', async () => {
  const page = host();
  const session = watched(new Session(await makePlan(), page, new Told()));
  session.play();
  await some(session);
  const [made] = createTrainer.mock.results;
  session.close();
  expect(page.isPlaying).toBe(false);
  const trainer = (await made?.value) as training.Trainer;
  await until(() => expect(trainer.finished()).rejects.toThrow('destroyed'));
  await settle();
  expect(createTrainer).toHaveBeenCalledTimes(1);
  session.restart();
  session.step();
  await until(() => expect(createTrainer).toHaveBeenCalledTimes(2));
  expect(page.said).toEqual([]);
});

test('another optimizer goes on with the weights and the losses', async () => {
  const told = new Told();
  const plan = await makePlan();
  const session = watched(new Session(plan, host(), told));
  session.step();
  await until(() => expect(told.last).toBe(1));
  const before = told.weights;
  session.change({ ...plan, optimizer: adam, rate: 0 });
  session.step();
  await until(() => expect(told.last).toBe(2));
  expect(createTrainer).toHaveBeenCalledTimes(2);
  expect(told.weights).toEqual(before);
});

test('a finished run begins anew when it is played, also with another batch', async () => {
  const told = new Told();
  const page = host();
  const plan = await makePlan({ steps: 5 });
  const session = watched(new Session(plan, page, told));
  session.play();
  await until(() => expect(page.isPlaying).toBe(false));
  expect(session.steps).toBe(5);
  session.change({ ...plan, batch: 4, optimizer: adam });
  session.play();
  await until(() => expect(told.all).toContain('reset'));
  await until(() => expect(page.isPlaying).toBe(false));
  expect(session.steps).toBe(5);
});

test('what is played before the network is built is shown at once and played then', async () => {
  const page = host();
  const control = new SessionControl(page, new Told());
  control.play();
  expect(page.isPlaying).toBe(true);
  control.begin(await makePlan());
  const session = watched(control.session as Session);
  await some(session);
  expect(page.isPlaying).toBe(true);
});

test('what is paused before the network is built never plays', async () => {
  const page = host();
  const control = new SessionControl(page, new Told());
  control.play();
  control.pause();
  expect(page.isPlaying).toBe(false);
  control.begin(await makePlan());
  const session = watched(control.session as Session);
  await settle();
  expect(session.steps).toBe(0);
  // It can be played, and paused, as ever.
  control.play();
  await some(session);
  // So it is while another network is built.
  control.expect();
  control.pause();
  control.play();
  control.pause();
  control.begin(await makePlan({}, 2));
  await settle();
  expect([page.isPlaying, session.steps]).toEqual([false, 0]);
});

test('a step that is asked for early is done once', async () => {
  const told = new Told();
  const control = new SessionControl(host(), told);
  control.step();
  control.begin(await makePlan());
  watched(control.session as Session);
  await until(() => expect(told.last).toBe(1));
  await settle();
  expect(told.all).toEqual(['reset', 1]);
});

test('a network that cannot be built leaves nothing playing', () => {
  const page = host();
  const control = new SessionControl(page, new Told());
  control.play();
  control.fail();
  expect([page.isPlaying, control.isFailed]).toEqual([false, true]);
  control.expect();
  expect(control.isFailed).toBe(false);
});
