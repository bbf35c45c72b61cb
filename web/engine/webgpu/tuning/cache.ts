// The tuned shapes of an adapter, by class of convolution, in local storage.

import type { ConvClass, KernelConfig, TileShape } from '../kernels/config.ts';
import type { PageEnvironment } from './environment.ts';

/** Raise it with changes of kernels or candidates, which outdate stored shapes. */
const VERSION = 4;
export const CONV_CLASSES = ['heavy', 'fine', 'coarse', 'tiny'] as const;

export const cacheKey = (adapter: string, { precision }: KernelConfig): string =>
  `limner kernels ${VERSION} ${precision} ${adapter}`;

const POWERS_OF_TWO = [1, 2, 4, 8, 16, 32, 64];

/** Whether it is a valid shape: powers of two, up to the longest program that GPUs accept. In class fine, `deep` is
 * at most 2: some layers have few channels, and with more each would be a pipeline of its own, beyond the twelve that
 * a look may take. */
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

/** Tuned shapes, by the classes that were tuned. */
export type TunedShapes = Partial<Record<ConvClass, TileShape>>;

/** The tuned shapes of an adapter. */
export interface TuningCache {
  readonly shapes: TunedShapes;
  save(found: TunedShapes): void;
}

/** Invalid shapes are dropped. If it is not enabled, nothing is read or written. */
export function openTuningCache(key: string, { storage }: PageEnvironment, isEnabled = true): TuningCache {
  const shapes: TunedShapes = {};
  try {
    const stored: TunedShapes = JSON.parse((isEnabled && storage.read(key)) || '{}');
    for (const name of CONV_CLASSES) {
      const shape = stored[name];
      if (isTileShape(name, shape)) shapes[name] = shape;
    }
  } catch {
    // Somebody else's text under this key.
  }
  const save = (found: TunedShapes) => {
    if (isEnabled) storage.write(key, JSON.stringify(found));
  };
  return { shapes, save };
}
