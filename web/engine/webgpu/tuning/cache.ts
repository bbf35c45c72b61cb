// What is known of an adapter: shapes of kernels that the tuner found there, by class of convolution.

import type { ConvClass, KernelConfig, TileShape } from '../kernels/config.ts';
import type { PageEnvironment } from './environment.ts';

/** Raised with kernels or candidates, whose old figures say nothing of new ones. */
const VERSION = 4;
export const CONV_CLASSES = ['heavy', 'fine', 'coarse', 'tiny'] as const;

export const cacheKey = (adapter: string, { precision }: KernelConfig): string =>
  `limner kernels ${VERSION} ${precision} ${adapter}`;

const POWERS_OF_TWO = [1, 2, 4, 8, 16, 32, 64];

/** Whether it is one: powers of two, of which more would be a longer program than any GPU takes. Convolutions of
 * few products may have few channels, too: deeper, each such layer would be a pipeline of its own, beyond the twelve
 * that a look may take. */
export function isTileShape(name: ConvClass, shape: Partial<TileShape> | undefined): shape is TileShape {
  const isPower = (size: unknown, most: number): boolean =>
    POWERS_OF_TWO.some(power => power === size && power <= most);
  return (
    isPower(shape?.wide, 16) &&
    isPower(shape?.tall, 2) &&
    isPower(shape?.deep, name === 'fine' ? 2 : 4) &&
    isPower(shape?.share, 64)
  );
}

/** Shapes that suit an adapter, of the classes that were tried on it. */
export type TunedShapes = Partial<Record<ConvClass, TileShape>>;

/** What is known of an adapter. */
export interface TuningCache {
  readonly shapes: TunedShapes;
  save(found: TunedShapes): void;
}

/** What is no shape is not known; where none are wanted, none are kept either. */
export function openTuningCache(key: string, { storage }: PageEnvironment, isEnabled = true): TuningCache {
  const shapes: TunedShapes = {};
  try {
    const stored: TunedShapes = JSON.parse((isEnabled && storage.read(key)) || '{}');
    for (const name of CONV_CLASSES) {
      const shape = stored[name];
      if (isTileShape(name, shape)) shapes[name] = shape;
    }
  } catch {
    // Somebody else's text under our key.
  }
  const save = (found: TunedShapes) => {
    if (isEnabled) storage.write(key, JSON.stringify(found));
  };
  return { shapes, save };
}
