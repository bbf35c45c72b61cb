// Statistics of samples: medians with their spread, and ratios of samples of the same round. Other load on the
// machine affects both samples of a ratio alike.

import { median, quantile } from '../shared/measurement.ts';

export interface Sample {
  /** Samples of one round are close in time. */
  readonly round: number;
  /** Mean milliseconds of one step or frame. */
  readonly milliseconds: number;
  /** Steps that were started before waiting for the end. */
  readonly burst: number;
}

export interface Spread {
  readonly count: number;
  readonly least: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly most: number;
}

export function summarize(samples: readonly Sample[]): Spread | null {
  if (samples.length === 0) return null;
  const values = samples.map(({ milliseconds }) => milliseconds);
  return {
    count: values.length,
    least: Math.min(...values),
    lower: quantile(values, 0.25),
    median: median(values),
    upper: quantile(values, 0.75),
    most: Math.max(...values),
  };
}

/** The median of the ratios within each round; null if no round has both. */
export function medianRatio(samples: readonly Sample[], baseline: readonly Sample[]): number | null {
  const rounds = new Map(baseline.map(({ round, milliseconds }) => [round, milliseconds]));
  const ratios = samples.flatMap(({ round, milliseconds }) => {
    const other = rounds.get(round);
    return other === undefined ? [] : [milliseconds / other];
  });
  return ratios.length > 0 ? median(ratios) : null;
}
