// Finds by trying what shape of kernels suits this GPU: after the first painting, in idle moments, a few
// milliseconds at a time, and never again on the same adapter. What comes out differs from what came out
// before by rounding alone, since a shape only says who computes what.

import type { Class, Shape, Style } from './style.ts';
import { CLASSES, isShape } from './surroundings.ts';
import type { Trial } from './trial.ts';

/** Shapes one step away. */
export function neighbours(name: Class, shape: Shape): Shape[] {
  const { wide, deep, share } = shape;
  const near = [
    { wide: wide * 2 },
    { wide: wide / 2 },
    { deep: deep * 2 },
    { deep: deep / 2 },
    { share: share / 4 },
    { share: 1 },
  ].map(step => ({ ...shape, ...step }));
  return near.filter(one => isShape(name, one) && !same(one, shape));
}

/** Milliseconds of the GPU's time at a go; a kernel that takes longer is left as it is. */
const SLICE = 6;
const ROUNDS = 3;
/** How much better a shape must be, so that noise changes nothing. */
const GAIN = 0.95;

const same = (a: Shape, b: Shape): boolean =>
  a.wide === b.wide && a.tall === b.tall && a.deep === b.deep && a.share === b.share;

/** Tries shapes for each class that the look has; null where it had to give up. */
export async function tune(
  style: Style,
  trialOf: (name: Class, style: Style) => Promise<Trial | null>,
  idle: () => Promise<boolean>,
): Promise<Style | null> {
  const shapes = { ...style.shapes };
  for (const name of CLASSES) {
    const usual = shapes[name];
    let best = { shape: usual, ms: Number.POSITIVE_INFINITY };
    for (const shape of [usual, ...neighbours(name, usual)]) {
      const run = await trialOf(name, { ...style, shapes: { ...style.shapes, [name]: shape } });
      if (!run) break;
      const ms = await timed(run, idle);
      if (ms === null) return null;
      if (ms > SLICE && shape === usual) break;
      if (ms < best.ms * (shape === usual ? 1 : GAIN)) best = { shape, ms };
    }
    shapes[name] = best.shape;
  }
  return { ...style, shapes };
}

/** Milliseconds of one run, the best of some rounds; null where there is no idle moment to be had. */
async function timed(run: Trial, idle: () => Promise<boolean>): Promise<number | null> {
  if (!(await idle())) return null;
  const once = await run(1);
  if (once > SLICE) return once;
  const repeats = Math.max(1, Math.floor(SLICE / once));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (!(await idle())) return null;
    times.push((await run(repeats)) / repeats);
  }
  return Math.min(...times);
}
