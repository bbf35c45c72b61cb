// What is known of an adapter: shapes of kernels that the tuner found there, by class of convolution.

import type { Class, Shape, Style } from '../kernels/config.ts';
import type { Surroundings } from './environment.ts';

/** Raised with kernels or candidates, whose old figures say nothing of new ones. */
const VERSION = 4;
export const CLASSES = ['heavy', 'fine', 'coarse', 'tiny'] as const;

export const keyOf = (adapter: string, { precision }: Style): string =>
  `limner kernels ${VERSION} ${precision} ${adapter}`;

const POWERS = [1, 2, 4, 8, 16, 32, 64];

/** Whether it is one: powers of two, of which more would be a longer program than any GPU takes. Convolutions of
 * few products may have few channels, too: deeper, each such layer would be a pipeline of its own, beyond the twelve
 * that a look may take. */
export function isShape(name: Class, shape: Partial<Shape> | undefined): shape is Shape {
  const isPower = (size: unknown, most: number): boolean =>
    POWERS.some(power => power === size && power <= most);
  return (
    isPower(shape?.wide, 16) &&
    isPower(shape?.tall, 2) &&
    isPower(shape?.deep, name === 'fine' ? 2 : 4) &&
    isPower(shape?.share, 64)
  );
}

/** Shapes that suit an adapter, of the classes that were tried on it. */
export type Found = Partial<Record<Class, Shape>>;

/** What is known of an adapter. */
export interface Notes {
  readonly known: Found;
  keep(found: Found): void;
}

/** What is no shape is not known; where none are wanted, none are kept either. */
export function notesOf(key: string, { memo }: Surroundings, wanted = true): Notes {
  const known: Found = {};
  try {
    const kept: Found = JSON.parse((wanted && memo.read(key)) || '{}');
    for (const name of CLASSES) {
      const shape = kept[name];
      if (isShape(name, shape)) known[name] = shape;
    }
  } catch {
    // Somebody else's text under our key.
  }
  const keep = (found: Found) => {
    if (wanted) memo.write(key, JSON.stringify(found));
  };
  return { known, keep };
}
