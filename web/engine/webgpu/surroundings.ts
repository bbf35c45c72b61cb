// What a painter takes of the page that it is on: idle moments for the tuner, which is fetched when the first
// painting is done, and a memory for what it found.

import { type Class, type Shape, type Style, styleFor } from './style.ts';

/** Raised with kernels or candidates, whose old figures say nothing of new ones. */
const VERSION = 4;
export const CLASSES = ['heavy', 'fine', 'coarse', 'tiny'] as const;

/** Tests have their own. */
export interface Surroundings {
  /** The style to begin with. */
  usual(device: GPUDevice): Style;
  /** Resolves when nobody would notice some milliseconds; false where it is better to give up. */
  idle(): Promise<boolean>;
  readonly memo: { read(key: string): string | null; write(key: string, value: string): void };
}

export const keyOf = (adapter: string, { precision }: Style): string =>
  `limner kernels ${VERSION} ${precision} ${adapter}`;

/** Blocks of channels that a thread may make. What has columns to share out may have few channels: deeper, each
 * such layer would be a pipeline of its own, beyond the twelve that a look may take. */
const MOST_DEEP: Readonly<Record<Class, number>> = { heavy: 4, fine: 2, coarse: 8, tiny: 8 };

/** Whether it is one: powers of two, of which more would be a longer program than any GPU takes. */
export function isShape(name: Class, shape: Partial<Shape> | undefined): shape is Shape {
  const isPower = (size: unknown, most: number): boolean =>
    typeof size === 'number' && size >= 1 && size <= most && Number.isInteger(Math.log2(size));
  return (
    isPower(shape?.wide, 16) &&
    isPower(shape?.tall, 2) &&
    isPower(shape?.deep, MOST_DEEP[name]) &&
    isPower(shape?.share, 64)
  );
}

/** The style with the shapes that were found on this adapter before, or null. */
export function remembered(style: Style, adapter: string, { memo }: Surroundings): Style | null {
  const text = memo.read(keyOf(adapter, style));
  if (text === null) return null;
  try {
    const found: Partial<Record<Class, Partial<Shape>>> = JSON.parse(text);
    const shapes = { ...style.shapes };
    for (const name of CLASSES) {
      const shape = found[name];
      if (!isShape(name, shape)) return null;
      shapes[name] = shape;
    }
    return { ...style, shapes };
  } catch {
    return null; // Somebody else's text under our key.
  }
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
