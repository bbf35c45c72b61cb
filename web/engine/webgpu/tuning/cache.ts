// The tuned shapes of an adapter, by class of convolution, in local storage.

import type { ConvClass, ConvShape, KernelConfig, TileShape } from '../kernels/config.ts';
import type { PageEnvironment } from './environment.ts';

/** Raise it with changes of kernels or candidates, which outdate stored shapes. */
const VERSION = 6;
export const CONV_CLASSES = ['heavy', 'fine', 'coarse', 'tiny'] as const;

export const cacheKey = (adapter: string, { precision }: KernelConfig): string =>
  `limner kernels ${VERSION} ${precision} ${adapter}`;

const isPower = (size: unknown, most: number, least = 1): boolean =>
  [1, 2, 4, 8, 16, 32, 64].some(power => power === size && power >= least && power <= most);

/** Whether it is a valid shape: powers of two, up to the longest program that GPUs accept. */
export const isConvShape = (
  name: ConvClass,
  shape: Partial<TileShape> | 'gemm' | undefined,
): shape is ConvShape => shape === 'gemm' || isTileShape(name, shape);

/** In class fine, `deep` is at most 2: some layers have few channels, and with more each would be a pipeline of its
 * own, beyond the twelve that a look may take. */
const isTileShape = (name: ConvClass, shape: Partial<TileShape> | undefined): boolean =>
  isPower(shape?.wide, 16) &&
  isPower(shape?.tall, 16) &&
  // The kernel leaves out a row of the kernel where the first and the last line of a tile are beyond the border.
  Math.min(shape?.wide ?? 0, shape?.tall ?? 0) <= 2 &&
  isPower(shape?.deep, name === 'fine' ? 2 : 4) &&
  isPower(shape?.share, 64);

/** Tuned shapes, by the classes that were tuned. */
export type TunedShapes = Partial<Record<ConvClass, ConvShape>>;

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
      if (isConvShape(name, shape)) shapes[name] = shape;
    }
  } catch {
    // Somebody else's text under this key.
  }
  const save = (found: TunedShapes) => {
    if (isEnabled) storage.write(key, JSON.stringify(found));
  };
  return { shapes, save };
}
