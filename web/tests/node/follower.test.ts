// A painter that shares the weights of a training needs no other, but only while it is shown.

import { beforeEach, expect, test, vi } from 'vitest';
import type { Canvas, Painter } from '../../engine/painter.ts';
import { Follower } from '../../engine/training/follower.ts';
import { SharedState } from '../../engine/webgpu/runtime/shared-state.ts';

/** Makes a painter that shares; null if the look cannot. */
let share = (): Painter | null => null;
const losses: (() => void)[] = [];

const makePainter = () => ({ destroy: vi.fn() }) as unknown as Painter;

vi.mock('../../engine/training/shared-painter.ts', () => ({
  createSharedPainter: async (
    ...given: [unknown, unknown, unknown, { onLost: (reason: string) => void }]
  ) => {
    losses.push(() => given[3].onLost('It is lost.'));
    return share();
  },
}));

beforeEach(() => {
  share = makePainter;
  losses.splice(0);
});

/** A follower of a training on a GPU, and the page that it paints in. */
function makeFollower() {
  const page = {
    painter: null as Painter | null,
    isRefusing: false,
    shown: [] as Painter[],
    files: 0,
    changes: 0,
    errors: [] as unknown[],
  };
  const state = { places: [], stateBlocks: 0, device: {} as GPUDevice, buffer: {} as GPUBuffer };
  const shared = new SharedState(state, () => undefined);
  const follower = new Follower<{ info: Painter['info'] }, Painter>(
    { save: async () => new Uint8Array(1), shared: () => shared },
    {
      every: 0,
      read: async () => ({ info: {} as Painter['info'] }),
      make: async () => {
        page.files += 1;
        return makePainter();
      },
      shareOn: () => ({}) as Canvas,
      show: (painter, isCancelled) => {
        if (page.isRefusing || isCancelled()) {
          painter.destroy();
          return false;
        }
        page.painter = painter;
        page.shown.push(painter);
        return true;
      },
      isShown: painter => painter === page.painter,
      onChange: () => {
        page.changes += 1;
      },
      onError: error => page.errors.push(error),
    },
  );
  return { follower, page };
}

test('after a painter that was not shown comes another', async () => {
  const { follower, page } = makeFollower();
  page.isRefusing = true;
  await follower.start();
  expect(page.shown).toEqual([]);
  page.isRefusing = false;
  follower.follow(true);
  await vi.waitUntil(() => page.shown.length === 1);
  await vi.waitUntil(() => {
    follower.follow(false);
    return page.changes > 0;
  });
  expect([page.shown.length, page.files, page.errors]).toEqual([1, 0, []]);
});

test('after the page put another painter in its place comes one that follows', async () => {
  const { follower, page } = makeFollower();
  await follower.start();
  follower.follow(true);
  expect([page.changes, page.shown.length]).toEqual([1, 1]);
  page.painter = makePainter();
  follower.follow(true);
  await vi.waitUntil(() => page.shown.length === 2);
  expect(page.changes).toBe(1);
  expect(page.painter).toBe(page.shown[1]);
});

test('a painter that is lost before it is shown is not taken for one that follows', async () => {
  const { follower, page } = makeFollower();
  const { show } = follower.options;
  vi.spyOn(follower.options, 'show').mockImplementationOnce((...given) => {
    losses[0]?.();
    return show(...given);
  });
  await follower.start();
  // The training gives no other weights to share, so a file has them.
  await vi.waitUntil(() => page.shown.length === 2);
  expect([page.files, page.changes]).toEqual([1, 0]);
});

test.each([
  ['a painter', makePainter()],
  ['none', null],
])('one that is stopped while %s is made shows nothing, and makes no other', async (_, made) => {
  const { follower, page } = makeFollower();
  share = () => {
    follower.stop();
    return made;
  };
  await follower.start();
  expect([page.shown.length, page.files]).toEqual([0, 0]);
  if (made) expect(made.destroy).toHaveBeenCalledOnce();
});
