// What the tuner makes of what it measures; how it measures on a GPU is for `tests/browser/tuner.test.ts`.

import { expect, test } from 'vitest';
import type { Style } from '../../engine/webgpu/kernels/config.ts';
import { CLASSES } from '../../engine/webgpu/tuning/cache.ts';
import { SOFTWARE_STYLE } from '../../engine/webgpu/tuning/defaults.ts';
import { neighbours, tune } from '../../engine/webgpu/tuning/tuner.ts';

const { shapes } = SOFTWARE_STYLE;
const always = async () => true;

/** Trials that take so long in each style, and what was tried; null is a shape that the GPU refuses. */
function trials(msOf: (style: Style) => number | null) {
  const tried: Style[] = [];
  const repeats: number[] = [];
  const trialOf = async (_: string, style: Style) => {
    tried.push(style);
    const ms = msOf(style);
    if (ms === null) return null;
    return async (count: number) => {
      repeats.push(count);
      return ms * count;
    };
  };
  return { tried, repeats, trialOf };
}

test('where the clock stands still runs are few, and all stays as it is', async () => {
  const { repeats, trialOf } = trials(() => 0);
  expect(await tune(SOFTWARE_STYLE, {}, trialOf, always)).toEqual(shapes);
  expect(Math.max(...repeats)).toBeLessThanOrEqual(100);
});

test('what is faster by more than noise is found, class by class', async () => {
  const faster = { ...shapes.coarse, wide: 4 };
  const { trialOf } = trials(style =>
    style.shapes.coarse.wide === 4 ? 0.9 : style.shapes.fine.deep === 1 ? 0.97 : 1,
  );
  expect(await tune(SOFTWARE_STYLE, {}, trialOf, always)).toEqual({ ...shapes, coarse: faster });
});

test('a shape that the GPU refuses is passed over, and a class that the look lacks is not known', async () => {
  const [first, second] = neighbours('coarse', shapes.coarse);
  const { trialOf } = trials(({ shapes: now }) => {
    if (now.tiny !== shapes.tiny || now.coarse === first) return null;
    return JSON.stringify(now.coarse) === JSON.stringify(first)
      ? null
      : now.coarse.wide === second?.wide
        ? 0.5
        : 1;
  });
  const found = await tune(SOFTWARE_STYLE, { heavy: shapes.heavy, fine: shapes.fine }, trialOf, always);
  expect(found?.coarse).toEqual(second);
  const none = trials(() => null);
  expect(await tune(SOFTWARE_STYLE, {}, none.trialOf, always)).toEqual({});
});

test('what is known is not tried again', async () => {
  const { tried, trialOf } = trials(() => 1);
  const known = { coarse: { ...shapes.coarse, wide: 1 } };
  const found = await tune(SOFTWARE_STYLE, known, trialOf, always);
  expect(found?.coarse).toEqual(known.coarse);
  expect(Object.keys(found ?? {}).sort()).toEqual([...CLASSES].sort());
  expect(tried.every(style => style.shapes.coarse === shapes.coarse)).toBe(true);
});

test('a layer that takes long is left as it is, and a page without an idle moment too', async () => {
  const { tried, trialOf } = trials(() => 7);
  expect(await tune(SOFTWARE_STYLE, {}, trialOf, always)).toEqual(shapes);
  expect(tried.length).toBe(CLASSES.length);
  expect(await tune(SOFTWARE_STYLE, {}, trialOf, async () => false)).toBeNull();
});
