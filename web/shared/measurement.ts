// How long a network takes in a runtime: one row, the same from `limner bench everywhere` and from a page, and the statistics in
// it. Of MLPerf's rules (https://github.com/mlcommons/inference_policies) these are kept: a single stream of queries,
// percentiles and no mean, accuracy and answers compared before times, and 5 % as the bar for what repeats. Not kept are its
// least of 1,024 queries and of a minute, and repetitions minutes apart. A page measures no accuracy: its networks are random.

/** What the runtime runs on. */
export type Platform = 'python' | 'node' | 'browser';

/** One network in one runtime. Times are milliseconds of one run: of an inference, or of a training step. */
export interface Measurement extends Timing {
  readonly model: string;
  readonly platform: Platform;
  /** The library: `limner`, `ONNX Runtime`, `torch`. */
  readonly runtime: string;
  readonly version: string;
  /** What computes: `webgpu`, `webgl2`, `cpu`, `wasm`. */
  readonly backend: string;
  /** The processor's or the adapter's name; empty if it is not known. */
  readonly device: string;
  /** Whether the GPU is computed on the CPU: its times say little of a real one. */
  readonly software: boolean;
  /** Threads of the CPU that compute; null where a GPU computes, or the runtime does not tell. */
  readonly threads: number | null;
  readonly precision: 'float32' | 'float16';
  readonly batch: number;
  readonly kind: 'inference' | 'training';
  /** From the file in memory to a network that can run; null if it did not run. */
  readonly loadMs: number | null;
  /** The first run after that, which may still compile. */
  readonly firstRunMs: number | null;
  /** CPU time of a run over all threads, with that of a GPU in software; null if it is not known. */
  readonly cpuMs: number | null;
  /** Largest difference of the outputs (training: of the losses) from the reference's, as a part of the largest magnitude
   * there; null without a reference. */
  readonly maxDifference: number | null;
  /** The part of the test pictures that it classifies rightly, in 0..1; null where there are none. */
  readonly accuracy: number | null;
  /** From the reference's accuracy. */
  readonly accuracyDifference: number | null;
  /** What a visitor or a user fetches of the runtime, gzipped where it is served so, without the network; null if it is not known. */
  readonly bytes: number | null;
  /** Why it could not run, as a sentence. Only then. */
  readonly reason?: string;
}

/** The spread of a row's times. Without runs all times are null, and it is not steady. */
export interface Timing {
  /** Runs that were timed. */
  readonly runs: number;
  /** This and `p90Ms` are null where there are too few: of `limner bench everywhere` fewer than 10. */
  readonly p10Ms: number | null;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly minMs: number | null;
  /** Whether it repeats: the median of each round is within 5 % of the median round's. */
  readonly steady: boolean;
}

/** MLPerf's bar for results that are run again. */
export const MAX_DRIFT = 0.05;
/** Above this difference a runtime computes something else: its times are not compared. */
export const MAX_DIFFERENCE = 1e-3;

/** Whether a row's times can be compared with others'. */
export const isRanked = ({ p50Ms, maxDifference, accuracyDifference }: Measurement): boolean =>
  p50Ms !== null && maxDifference !== null && maxDifference <= MAX_DIFFERENCE && !accuracyDifference;

/** Linear interpolation between the two nearest values, as numpy's default. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The spread of milliseconds, which were taken in rounds. */
export function summarizeRounds(rounds: readonly (readonly number[])[]): Timing {
  const all = rounds.flat();
  if (all.length === 0) {
    return { runs: 0, p10Ms: null, p50Ms: null, p90Ms: null, minMs: null, steady: false };
  }
  return {
    runs: all.length,
    p10Ms: quantile(all, 0.1),
    p50Ms: median(all),
    p90Ms: quantile(all, 0.9),
    minMs: Math.min(...all),
    steady: isSteady(rounds),
  };
}

/** Whether the median of each round is within 5 % of the median of these medians. One round does not tell. */
export function isSteady(rounds: readonly (readonly number[])[]): boolean {
  const medians = rounds.filter(times => times.length > 0).map(median);
  const middle = median(medians);
  return medians.length > 1 && medians.every(one => Math.abs(one - middle) <= MAX_DRIFT * middle);
}

/** The largest difference between values and the reference's, as a part of the largest magnitude there. Infinite for values
 * that are no numbers, and for another count of them. */
export function maxDifference(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < reference.length; i++) {
    const expected = reference[i] ?? Number.NaN;
    const distance = Math.abs((values[i] ?? Number.NaN) - expected);
    if (Number.isNaN(distance)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, distance);
    scale = Math.max(scale, Math.abs(expected));
  }
  return difference === 0 ? 0 : difference / scale;
}
