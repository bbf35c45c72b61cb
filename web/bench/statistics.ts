// Statistics of samples: medians with their spread, and ratios of samples of the same round. Other load on the
// machine affects both samples of a ratio alike.

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

/** Linear interpolation between the two nearest values, as numpy's default. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

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
