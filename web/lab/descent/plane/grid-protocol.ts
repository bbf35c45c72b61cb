/** What is asked of the worker that computes the loss on the plane, and what it answers. */
import type { Surface } from '../surface.ts';
import type { HeightGrid } from './grid-surface.ts';
import type { Digits } from './network.ts';
import type { PlanePerceptron } from './perceptron-loss.ts';
import type { Plane } from './plane.ts';

export interface GridRequest {
  readonly plane: Pick<Plane, 'origin' | 'axes'>;
  readonly digits: Pick<Digits, 'pixels' | 'labels'>;
  /** What the network takes off its pixels: their mean and deviation. */
  readonly scale: readonly [mean: number, deviation: number];
  readonly view: Surface['view'];
}

export type GridReply =
  | { readonly kind: 'network'; readonly network: PlanePerceptron }
  /** Coarse ones first; the last has `CELLS`. */
  | { readonly kind: 'grid'; readonly grid: HeightGrid }
  | { readonly kind: 'failed'; readonly reason: string };

/** Of the finest grid. */
export const CELLS = { columns: 112, rows: 70 } as const;
/** Coarser grids have every so manieth place of it. */
export const STRIDES = [14, 7, 2, 1] as const;
