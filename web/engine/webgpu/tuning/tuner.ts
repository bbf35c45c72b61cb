// Finds by trying what shape of kernels suits this GPU: after the first painting, in idle moments, a few
// milliseconds at a time, and never again on the same adapter. What comes out differs from what came out
// before by rounding alone, since a shape only says who computes what.

import type { ConvClass, KernelConfig, TileShape } from '../kernels/config.ts';
import type { Benchmark } from './benchmark.ts';
import { CONV_CLASSES, isTileShape, type TunedShapes } from './cache.ts';

/** Shapes one step away. */
export function neighbours(name: ConvClass, shape: TileShape): TileShape[] {
  const { wide, deep, share } = shape;
  const near = [
    { wide: wide * 2 },
    { wide: wide / 2 },
    { deep: deep * 2 },
    { deep: deep / 2 },
    { share: share / 4 },
    { share: 1 },
  ].map(step => ({ ...shape, ...step }));
  return near.filter(one => isTileShape(name, one) && !isSameShape(one, shape));
}

/** Milliseconds of the GPU's time at a go; a kernel that takes longer is left as it is. */
const SLICE_MS = 6;
const ROUNDS = 3;
/** Milliseconds that a run counts at least: some browsers' clocks stand still for longer. */
const MIN_MS = 0.1;
/** How much better a shape must be, so that noise changes nothing. */
const GAIN = 0.95;

const isSameShape = (a: TileShape, b: TileShape): boolean =>
  a.wide === b.wide && a.tall === b.tall && a.deep === b.deep && a.share === b.share;

/** Tries shapes for each class that the look has and of which nothing is known; null where it had to give up.
 * There is no benchmark where the look has no such layer, or the GPU refuses the shape. */
export async function tune(
  config: KernelConfig,
  known: TunedShapes,
  benchmark: (name: ConvClass, config: KernelConfig) => Promise<Benchmark | null>,
  idle: () => Promise<boolean>,
): Promise<TunedShapes | null> {
  const found = { ...known };
  for (const name of CONV_CLASSES) {
    if (known[name]) continue;
    const usual = config.shapes[name];
    let best = { shape: usual, ms: Number.POSITIVE_INFINITY };
    for (const shape of [usual, ...neighbours(name, usual)]) {
      const run = await benchmark(name, { ...config, shapes: { ...config.shapes, [name]: shape } });
      if (!run) continue;
      const ms = await timeRun(run, idle);
      if (ms === null) return null;
      if (ms < best.ms * (shape === usual ? 1 : GAIN)) best = { shape, ms };
      if (ms > SLICE_MS && shape === usual) break;
    }
    if (best.ms < Number.POSITIVE_INFINITY) found[name] = best.shape;
  }
  return found;
}

/** Milliseconds of one run, the best of some rounds; null where there is no idle moment to be had. */
async function timeRun(run: Benchmark, idle: () => Promise<boolean>): Promise<number | null> {
  if (!(await idle())) return null;
  const once = await run(1);
  if (once > SLICE_MS) return once;
  const repeats = Math.max(1, Math.floor(SLICE_MS / Math.max(once, MIN_MS)));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (!(await idle())) return null;
    times.push((await run(repeats)) / repeats);
  }
  return Math.min(...times);
}
