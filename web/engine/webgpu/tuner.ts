// Finds by trying what shape of kernels suits this GPU: after the first painting, in idle moments, a few
// milliseconds at a time, and never again on the same adapter. What comes out differs from what came out
// before by rounding alone, since a shape only says who computes what.

import type { Convolution } from '../graph/operation.ts';
import { dispatch } from './buffers.ts';
import { compile } from './compile.ts';
import { classOf } from './convolution.ts';
import type { Studio } from './kernels.ts';
import { checked } from './memory.ts';
import { bindGroup, compiled } from './pipelines.ts';
import { type Class, type Shape, type Style, styleFor } from './style.ts';

/** Raised with kernels or candidates, whose old figures say nothing of new ones. */
const VERSION = 1;

export const CANDIDATES: Readonly<Record<Class, readonly Shape[]>> = {
  fine: [
    { wide: 2, deep: 1, share: 1 },
    { wide: 4, deep: 1, share: 1 },
    { wide: 4, deep: 2, share: 1 },
    { wide: 8, deep: 1, share: 1 },
    { wide: 8, deep: 2, share: 1 },
  ],
  coarse: [
    { wide: 2, deep: 1, share: 16 },
    { wide: 4, deep: 1, share: 16 },
    { wide: 4, deep: 2, share: 16 },
    { wide: 4, deep: 2, share: 4 },
    { wide: 4, deep: 2, share: 1 },
  ],
  single: [
    { wide: 1, deep: 1, share: 64 },
    { wide: 1, deep: 2, share: 32 },
    { wide: 1, deep: 2, share: 8 },
    { wide: 1, deep: 2, share: 1 },
  ],
};
const CLASSES = ['fine', 'coarse', 'single'] as const;

/** Milliseconds of the GPU's time at a go; a kernel that takes longer is left as it is. */
const SLICE = 6;
const ROUNDS = 3;
/** How much better a shape must be, so that noise changes nothing. */
const GAIN = 0.95;

/** What shapes and tuning take of the page; tests have their own. */
export interface Surroundings {
  /** The style to begin with. */
  usual(software: boolean): Style;
  /** Resolves when nobody would notice some milliseconds; false where it is better to give up. */
  idle(): Promise<boolean>;
  readonly memo: { read(key: string): string | null; write(key: string, value: string): void };
}

const keyOf = (adapter: string): string => `limner kernels ${VERSION} ${adapter}`;

const same = (a: Shape, b: Partial<Shape>): boolean =>
  a.wide === b.wide && a.deep === b.deep && a.share === b.share;

/** The style with the shapes that were found on this adapter before, or null. */
export function remembered(style: Style, adapter: string, { memo }: Surroundings): Style | null {
  const text = memo.read(keyOf(adapter));
  if (text === null) return null;
  try {
    const found: Partial<Record<Class, Partial<Shape>>> = JSON.parse(text);
    const shapes = { ...style.shapes };
    for (const name of CLASSES) {
      const known = CANDIDATES[name].find(shape => same(shape, found[name] ?? {}));
      if (known) shapes[name] = known;
    }
    return { ...style, shapes };
  } catch {
    return null; // Somebody else's text under our key.
  }
}

/** Tries shapes for the largest layer of each class and remembers the best; null where it had to give up. */
export async function tune(
  studio: Studio,
  style: Style,
  adapter: string,
  surroundings: Surroundings,
): Promise<Style | null> {
  const shapes = { ...style.shapes };
  for (const name of CLASSES) {
    const layer = largest(studio, style, name);
    if (!layer) continue;
    const best = await fastest(studio, style, name, layer, surroundings);
    if (best === null) return null;
    shapes[name] = best;
  }
  surroundings.memo.write(keyOf(adapter), JSON.stringify(shapes));
  return { ...style, shapes };
}

/** The layer of a class that multiplies most; the painted one writes a canvas and is no layer to try. */
function largest({ merged }: Studio, style: Style, name: Class): Convolution | null {
  let [most, found]: [number, Convolution | null] = [0, null];
  for (const step of merged.steps) {
    if (step.kind !== 'plain' || step.operation === merged.painted) continue;
    const { operation } = step;
    if (operation.kind !== 'convolution' || operation.group > 1 || classOf(style, operation) !== name)
      continue;
    const { weights, output, x, y } = operation;
    const products =
      (weights.dims.reduce((a, b) => a * b, 1) * output.shape[2] * output.shape[3]) /
      (x.outputStride * y.outputStride);
    if (products > most) [most, found] = [products, operation];
  }
  return found;
}

async function fastest(
  studio: Studio,
  style: Style,
  name: Class,
  layer: Convolution,
  { idle }: Surroundings,
): Promise<Shape | null> {
  const usual = style.shapes[name];
  let best = { shape: usual, ms: Number.POSITIVE_INFINITY };
  for (const shape of [usual, ...CANDIDATES[name].filter(candidate => !same(candidate, usual))]) {
    const run = await runnerOf(studio, { ...style, shapes: { ...style.shapes, [name]: shape } }, layer);
    if (!(await idle())) return null;
    const once = await run(1);
    if (once > SLICE) {
      if (shape === usual) return usual;
      continue;
    }
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (!(await idle())) return null;
      const repeats = Math.max(1, Math.floor(SLICE / once));
      times.push((await run(repeats)) / repeats);
    }
    const ms = Math.min(...times);
    if (ms < best.ms * (shape === usual ? 1 : GAIN)) best = { shape, ms };
  }
  return best.shape;
}

/** Milliseconds that so many runs of a layer take. They write where frames write, and every frame writes
 * all that it reads. */
async function runnerOf(
  { merged, pipelines }: Studio,
  style: Style,
  layer: Convolution,
): Promise<(repeats: number) => Promise<number>> {
  const { device } = pipelines;
  const { prepared, group } = await checked(device, () => {
    const made = pipelines.prepare(compile(merged.plan, style, layer));
    const bound = bindGroup(device, made, binding => {
      throw new Error(`A layer binds no ${binding.kind}.`);
    });
    return { prepared: made, group: bound };
  });
  const kernel = await compiled(prepared);
  return async repeats => {
    const encoder = device.createCommandEncoder({ label: 'tuner' });
    const pass = encoder.beginComputePass({ label: 'tuner' });
    for (let i = 0; i < repeats; i++) dispatch(pass, kernel, group);
    pass.end();
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}

/** The page's own: idle callbacks where there are any, and local storage where the page may use it. */
export function browserSurroundings(): Surroundings {
  const kept = new Map<string, string>();
  const storage = (): Storage | null => {
    try {
      return globalThis.localStorage ?? null;
    } catch {
      return null; // Pages may be forbidden to look.
    }
  };
  return {
    usual: styleFor,
    idle: () =>
      new Promise(resolve => {
        const answer = () =>
          resolve(typeof document === 'undefined' || document.visibilityState === 'visible');
        if (typeof requestIdleCallback === 'function') requestIdleCallback(answer, { timeout: 1000 });
        else setTimeout(answer, 50);
      }),
    memo: {
      read: key => storage()?.getItem(key) ?? kept.get(key) ?? null,
      write: (key, value) => {
        kept.set(key, value);
        try {
          storage()?.setItem(key, value);
        } catch {
          // Full or forbidden: it is tried again on the next visit.
        }
      },
    },
  };
}
