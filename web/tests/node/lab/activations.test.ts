// Perceptrons of five activations side by side: they take turns, and one of them cannot pass an error on.

import { beforeAll, expect, test, vi } from 'vitest';
import { ActivationsRun, turnAfter } from '../../../lab/painter/activations-run.ts';
import type { Drawer } from '../../../lab/painter/drawer.ts';
import { type Pixels, SQUASHES, type Squash } from '../../../lab/painter/pixels.ts';
import { makeSettings } from '../../../lab/painter/settings.ts';
import type { Host } from '../../../lab/shell/tab.ts';

interface Shown {
  readonly name: string;
  readonly figure?: () => string;
}

/** What the wall was given, in place of elements of a page. */
let pictures: readonly Shown[] = [];
vi.mock(import('../../../lab/painter/wall.ts'), async () => {
  class Wall {
    show(shown: readonly Shown[]): void {
      pictures = shown;
    }
    request(): void {}
  }
  return { Wall } as never;
});

vi.mock(import('../../../lab/shell/theme.ts'), async () => ({ themeColor: () => '' }) as never);

const SIDE = 16;
const colors = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (Math.floor(i / 12) % 2) * 0.8);
const stripes: Pixels = { width: SIDE, height: SIDE, colors };
/** The machine may be busy. */
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000 });

function makeRun(query: string, pixels = () => stripes) {
  const settings = makeSettings();
  settings.read(new URLSearchParams(`net=activations&depth=2&width=6&batch=32&${query}`));
  const page = { isPlaying: false, said: [] as string[], rounds: 0 };
  const host: Host = {
    setPlaying: isPlaying => {
      page.isPlaying = isPlaying;
    },
    setChip: () => undefined,
    say: sentence => page.said.push(sentence),
    copy: () => undefined,
    update: () => undefined,
  };
  const drawer = {} as Drawer;
  const run = new ActivationsRun(host, settings, pixels, drawer, () => {
    page.rounds += 1;
  });
  run.begin();
  page.rounds = 0;
  const weightsOf = (pick: Squash) => {
    settings.set({ pick });
    return new Map(run.scene?.weights);
  };
  const allWeights = () => new Map(SQUASHES.map(act => [act, weightsOf(act)]));
  const steps = () => run.curves.map(({ values }) => values.length);
  return { run, page, allWeights, steps };
}

// The first step of all fetches the engine.
beforeAll(async () => {
  const { run, steps } = makeRun('seed=9');
  run.step();
  await vi.waitFor(() => expect(steps()).toEqual([1, 1, 1, 1, 1]), { timeout: 280_000, interval: 500 });
}, 300_000);

test('step learns its last layer alone, the others all of them, from the same first numbers', async () => {
  const { run, page, allWeights, steps } = makeRun('seed=3');
  const before = allWeights();
  const drawn = before.get('tanh');
  for (const act of ['sigmoid', 'step', 'identity'] as const) expect(before.get(act)).toEqual(drawn);
  run.step();
  await until(() => expect(page.rounds).toBe(1));
  expect(steps()).toEqual([1, 1, 1, 1, 1]);
  const after = allWeights();
  for (const act of SQUASHES) {
    const isChanged = (name: string) =>
      String(after.get(act)?.get(name)) !== String(before.get(act)?.get(name));
    expect([act, isChanged('hidden1.weight'), isChanged('hidden2.bias'), isChanged('colour.weight')]).toEqual(
      [act, act !== 'step', act !== 'step', true],
    );
  }
  expect(pictures.map(({ name }) => name)).toEqual(['Logistic', 'tanh', 'ReLU', 'Step', 'Identity']);
  for (const [i, { values }] of run.curves.entries()) {
    expect(pictures[i]?.figure?.()).toBe(`${(-10 * Math.log10(values[0] ?? 0)).toFixed(1)} dB`);
  }
});

test('all have done as many steps after a pause, and after a beginning in the middle of a round', async () => {
  const { run, page, steps } = makeRun('seed=1');
  const isEven = () => new Set(steps()).size === 1;
  run.play();
  expect(page.isPlaying).toBe(true);
  await until(() => expect(Math.min(...steps())).toBeGreaterThan(3));
  await until(() => expect(isEven()).toBe(false));
  run.begin();
  await until(() => expect(Math.min(...steps())).toBeGreaterThan(3));
  run.pause();
  await until(() => expect(isEven()).toBe(true));
  const done = steps();
  run.step();
  await until(() => expect(steps()).toEqual(done.map(one => one + 1)));
  expect([page.isPlaying, page.said]).toEqual([false, []]);
});

test('one that fails ends the play of all, and is named', async () => {
  let picture = stripes;
  const { run, page } = makeRun('opt=sgd', () => picture);
  run.play();
  const { values } = run.curves[0] ?? { values: [] };
  await until(() => expect(values.length).toBeGreaterThan(0));
  picture = { ...stripes, colors: colors.map((color, i) => (i === 7 ? Number.NaN : color)) };
  await until(() => expect(page.isPlaying).toBe(false));
  expect(page.said[0]).toMatch(/^\w+: .*of the batch is NaN/);
});

test('a turn grows at most twice, and is as long as the five have time for', () => {
  expect(turnAfter(1, 10)).toBe(2);
  expect(turnAfter(40, 400)).toBe(20);
  expect(turnAfter(3, 5000)).toBe(1);
  expect(turnAfter(256, 100)).toBe(256);
});
