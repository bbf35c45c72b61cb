// What is said of samples: medians with their spread, and ratios of samples of the same round, which what
// else the machine does meets alike.

export interface Sample {
  /** Rounds take turns: samples of one round are neighbours in time. */
  readonly round: number;
  /** Of one step or frame. */
  readonly milliseconds: number;
  /** Steps that were begun before the end was waited for. */
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

/** Linear between the two nearest values, as numpy's default. */
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

/** How many times as long: the median of the rounds' own ratios; null where no round has both. */
export function medianRatio(samples: readonly Sample[], baseline: readonly Sample[]): number | null {
  const rounds = new Map(baseline.map(({ round, milliseconds }) => [round, milliseconds]));
  const ratios = samples.flatMap(({ round, milliseconds }) => {
    const other = rounds.get(round);
    return other === undefined ? [] : [milliseconds / other];
  });
  return ratios.length > 0 ? median(ratios) : null;
}
