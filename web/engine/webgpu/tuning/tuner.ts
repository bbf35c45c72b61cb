// Finds by trying what shape of kernels suits this GPU: after the first painting, in idle moments, a few
// milliseconds at a time, and never again on the same adapter. What comes out differs from what came out
// before by rounding alone, since a shape only says who computes what.

import type { Class, Shape, Style } from '../kernels/config.ts';
import type { Trial } from './benchmark.ts';
import { CLASSES, type Found, isShape } from './cache.ts';

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
/** Milliseconds that a run counts at least: some browsers' clocks stand still for longer. */
const LEAST = 0.1;
/** How much better a shape must be, so that noise changes nothing. */
const GAIN = 0.95;

const same = (a: Shape, b: Shape): boolean =>
  a.wide === b.wide && a.tall === b.tall && a.deep === b.deep && a.share === b.share;

/** Tries shapes for each class that the look has and of which nothing is known; null where it had to give up.
 * There is no trial where the look has no such layer, or the GPU refuses the shape. */
export async function tune(
  style: Style,
  known: Found,
  trialOf: (name: Class, style: Style) => Promise<Trial | null>,
  idle: () => Promise<boolean>,
): Promise<Found | null> {
  const found = { ...known };
  for (const name of CLASSES) {
    if (known[name]) continue;
    const usual = style.shapes[name];
    let best = { shape: usual, ms: Number.POSITIVE_INFINITY };
    for (const shape of [usual, ...neighbours(name, usual)]) {
      const run = await trialOf(name, { ...style, shapes: { ...style.shapes, [name]: shape } });
      if (!run) continue;
      const ms = await timed(run, idle);
      if (ms === null) return null;
      if (ms < best.ms * (shape === usual ? 1 : GAIN)) best = { shape, ms };
      if (ms > SLICE && shape === usual) break;
    }
    if (best.ms < Number.POSITIVE_INFINITY) found[name] = best.shape;
  }
  return found;
}

/** Milliseconds of one run, the best of some rounds; null where there is no idle moment to be had. */
async function timed(run: Trial, idle: () => Promise<boolean>): Promise<number | null> {
  if (!(await idle())) return null;
  const once = await run(1);
  if (once > SLICE) return once;
  const repeats = Math.max(1, Math.floor(SLICE / Math.max(once, LEAST)));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (!(await idle())) return null;
    times.push((await run(repeats)) / repeats);
  }
  return Math.min(...times);
}
