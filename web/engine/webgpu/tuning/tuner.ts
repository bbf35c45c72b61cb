// Tunes tile shapes for the GPU by measuring: after the first painting, in idle moments, a few milliseconds at a
// time, and once per adapter. Results change by rounding alone, since a shape only decides which thread computes
// what.

import type { ConvClass, ConvShape, KernelConfig, TileShape } from '../kernels/config.ts';
import type { Benchmark } from './benchmark.ts';
import { CONV_CLASSES, isConvShape, type TunedShapes } from './cache.ts';

/** The shapes one step away. */
export function neighbours(name: ConvClass, shape: ConvShape): ConvShape[] {
  const steps = shape === 'gemm' ? gemmSteps(name) : tileSteps(shape);
  return steps.filter(one => isConvShape(name, one) && !isSameShape(one, shape));
}

const tileSteps = (shape: TileShape): TileShape[] => {
  const { wide, tall, deep, share } = shape;
  // Of real GPUs, whose layers share pipelines as long as they have blocks of one depth.
  const isLarge = share > 1 || tall > wide;
  const steps = isLarge
    ? [{ tall: tall * 2 }, { tall: tall / 2 }]
    : [{ wide: wide * 2 }, { wide: wide / 2 }, { deep: deep * 2 }, { deep: deep / 2 }];
  return steps.map(step => ({ ...shape, ...step }));
};

/** Instead of a GEMM. Light layers keep their shape, so that they share pipelines. */
const gemmSteps = (name: ConvClass): TileShape[] =>
  name === 'heavy' ? [{ wide: 1, tall: 4, deep: 1, share: 1 }] : [];

/** Milliseconds of GPU time at once. A slower kernel is not tuned. */
const SLICE_MS = 6;
const ROUNDS = 3;
/** The shortest time that counts: the clocks of some browsers stand still for longer. */
const MIN_MS = 0.1;
/** How much faster a shape must be, against noise. */
const GAIN = 0.95;

const isSameShape = (a: ConvShape, b: ConvShape): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Tunes each class that the look has and that is not known yet. Null if it had to stop. A benchmark is null if the
 * look has no such layer or the GPU refuses the shape. */
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
      const run = await benchmark(name, { ...config, shapes: { ...config.shapes, ...found, [name]: shape } });
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

/** Milliseconds of one run, the best of some rounds. Null if there is no idle moment. */
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
