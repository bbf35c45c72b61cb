/** What theory says of momentum on quadratic functions: which steps are stable, and which are the fastest (Polyak 1964). */
import type { MomentumForm } from './heat-map.ts';

export interface Curvature {
  readonly most: number;
  readonly least: number;
}

/** The largest learning rate that converges, at a curvature of at most L. The error of a direction with curvature l follows
 * a matrix of two by two; its eigenvalues stay within the unit circle iff l times the rate is below 2 (1 + m), or with
 * Nesterov's momentum below 2 (1 + m) / (1 + 2 m). */
export const stableRate = ({ most }: Curvature, momentum: number, form: MomentumForm): number =>
  (2 * (1 + momentum)) / (form === 'nesterov' ? 1 + 2 * momentum : 1) / most;

/** The fastest of plain momentum: the rate and momentum at which the slowest direction is as fast as it can be. */
export function fastest({ most, least }: Curvature): { readonly rate: number; readonly momentum: number } {
  const [root, small] = [Math.sqrt(most), Math.sqrt(least)];
  return { rate: (2 / (root + small)) ** 2, momentum: ((root - small) / (root + small)) ** 2 };
}
