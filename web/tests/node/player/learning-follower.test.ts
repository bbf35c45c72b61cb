// The painting follows what is learned, until another look paints.

import { beforeEach, expect, test, vi } from 'vitest';
import { Follower } from '../../../engine/training/follower.ts';
import { type Following, followInPage } from '../../../player/learning/follower.ts';
import type { AnyLook, Painter } from '../../../player/painters/painter.ts';
import type { RenderLoop } from '../../../player/render/render-loop.ts';

const labels: string[] = [];
/** Ends the wait for the painter that is being made. */
let finishPainter = () => {};

vi.mock('../../../player/ui/look-label.ts', () => ({
  showLabel: (_info: unknown, _bytes: number, name: string) => labels.push(name),
}));
vi.mock('../../../player/painters/any-look.ts', () => ({ readAnyLook: async () => ({ info: {} }) }));
vi.mock('../../../player/painters/select.ts', () => ({
  selectPainter: () =>
    new Promise(resolve => {
      finishPainter = () => resolve({ destroy: () => undefined });
    }),
}));

beforeEach(() => labels.splice(0));

const save = vi.fn(async () => new Uint8Array(1));

/** A follower of a training without a GPU, whose look can be replaced, and what it painted with. */
function makeFollower() {
  const page = { isReplaced: false, shown: 0, errors: [] as unknown[] };
  const renderLoop = {
    painter: null,
    isVideo: false,
    setPainter: async (_painter: unknown, _chosenAt: number, isCancelled: () => boolean) => {
      if (!isCancelled()) page.shown += 1;
    },
  } as unknown as RenderLoop;
  const following = followInPage(
    renderLoop,
    'Garden (learned)',
    () => page.isReplaced,
    error => page.errors.push(error),
  );
  const follower = new Follower<AnyLook, Painter>({ save, shared: () => null }, following);
  return { follower, page };
}

type Made = ReturnType<typeof makeFollower>;

/** Follows, and does something before the painter is there. */
async function follow({ follower }: Made, meanwhile: () => void): Promise<void> {
  finishPainter = () => {};
  const before = finishPainter;
  const followed = follower.start();
  await vi.waitUntil(() => finishPainter !== before);
  meanwhile();
  finishPainter();
  await followed;
}

test('a painter of what was learned takes the place of the one before', async () => {
  const made = makeFollower();
  await follow(made, () => undefined);
  await follow(made, () => undefined);
  expect(made.page).toEqual({ isReplaced: false, shown: 2, errors: [] });
  expect(labels).toEqual(['Garden (learned)']);
});

test.each([
  ['another look was chosen', ({ page }: Made) => (page.isReplaced = true)],
  ['it was stopped', ({ follower }: Made) => follower.stop()],
])('a painter that is made while %s is not shown', async (_, meanwhile) => {
  const made = makeFollower();
  await follow(made, () => meanwhile(made));
  expect(made.page.shown).toBe(0);
  expect(made.page.errors).toEqual([]);
});

test('a follower that was stopped writes no file', () => {
  const { follower } = makeFollower();
  follower.stop();
  save.mockClear();
  follower.follow(true);
  expect(save).not.toHaveBeenCalled();
});

test('what was learned while a painter was made is painted after it', async () => {
  const made = makeFollower();
  await follow(made, () => made.follower.follow(true));
  await vi.waitUntil(() => {
    finishPainter();
    return made.page.shown === 2;
  });
});

test('steps that follow one another soon are not painted by a file each', async () => {
  const made = makeFollower();
  await follow(made, () => undefined);
  save.mockClear();
  made.follower.follow(false);
  expect(save).not.toHaveBeenCalled();
});

test('a painter is shown until the page paints with another', () => {
  const painter = { run: vi.fn() } as unknown as Parameters<NonNullable<Following['isShown']>>[0];
  const renderLoop: { painter: Painter | null } = { painter };
  const { isShown } = followInPage(
    renderLoop as RenderLoop,
    'Garden (learned)',
    () => false,
    () => undefined,
  );
  expect(isShown?.(painter)).toBe(true);
  // As after an error in a frame: the same look, another painter.
  renderLoop.painter = {} as Painter;
  expect(isShown?.(painter)).toBe(false);
});
