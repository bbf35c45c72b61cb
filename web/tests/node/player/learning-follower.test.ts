// The painting follows what is learned, until another look paints.

import { beforeEach, expect, test, vi } from 'vitest';
import { Follower } from '../../../player/learning/follower.ts';
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
      finishPainter = () => resolve({});
    }),
}));

beforeEach(() => labels.splice(0));

/** A follower, whose look can be replaced, and what it painted with. */
function makeFollower() {
  const page = { isReplaced: false, shown: 0, errors: [] as unknown[] };
  const renderLoop = {
    painter: null,
    isVideo: false,
    setPainter: async (_painter: unknown, _chosenAt: number, isCancelled: () => boolean) => {
      if (!isCancelled()) page.shown += 1;
    },
  } as unknown as RenderLoop;
  const follower = new Follower(
    renderLoop,
    'Garden (learned)',
    () => page.isReplaced,
    error => page.errors.push(error),
  );
  return { follower, page };
}

const write = async () => new Uint8Array(1);

/** Follows, and does something before the painter is there. */
async function follow(follower: Follower, meanwhile: () => void): Promise<void> {
  finishPainter = () => {};
  const before = finishPainter;
  const followed = follower.follow(write, true);
  await vi.waitUntil(() => finishPainter !== before);
  meanwhile();
  finishPainter();
  await followed;
}

test('a painter of what was learned takes the place of the one before', async () => {
  const { follower, page } = makeFollower();
  await follow(follower, () => undefined);
  await follow(follower, () => undefined);
  expect(page).toEqual({ isReplaced: false, shown: 2, errors: [] });
  expect(labels).toEqual(['Garden (learned)']);
});

test.each([
  ['another look was chosen', (page: { isReplaced: boolean }) => (page.isReplaced = true)],
  ['it was stopped', (_: object, follower: Follower) => follower.stop()],
])('a painter that is made while %s is not shown', async (_, meanwhile) => {
  const { follower, page } = makeFollower();
  await follow(follower, () => meanwhile(page, follower));
  expect(page.shown).toBe(0);
  const never = vi.fn(write);
  await follower.follow(never, true);
  expect(never).not.toHaveBeenCalled();
  expect(page.errors).toEqual([]);
});
