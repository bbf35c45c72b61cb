// Diagnoses a painter from what its kernels compute from a test pattern. `health-monitor.ts` says when, and why the
// canvas is not enough.
//
// The painting hides faults of earlier kernels: its last tanh and the canvas clamp every value, and show NaN as some
// colour. So the output of every kernel is sampled.

import type { BackendPainter, ProbeResult } from '../painter.ts';

/** One sentence, or null if all is well. A probe that fails is no fault: a loss is reported elsewhere. */
export async function diagnose(painter: BackendPainter): Promise<string | null> {
  const result = await painter.probe().catch(() => null);
  return result && diagnoseResult(result);
}

export function diagnoseResult({ values, isPainted }: ProbeResult): string | null {
  if (!values.every(Number.isFinite)) {
    return 'The GPU computes NaN from the test pattern; it cannot run this look.';
  }
  if (!isPainted || (values.length > 0 && values.every(value => value === 0))) {
    return 'The GPU computes zeros from the test pattern; it cannot run this look.';
  }
  return null;
}

/** The fractional parts of its multiples are spread evenly and follow no row. Samples are taken there. */
export const GOLDEN_RATIO = 0.618034;

export const TEST_PATTERN_SIDE = 16;
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

/** Stripes of all colours, in another direction per channel: rows of opaque RGBA. */
export function testPattern(): Uint8Array<ArrayBuffer> {
  const picture = new Uint8Array(4 * TEST_PATTERN_SIDE ** 2).fill(255);
  DIRECTIONS.forEach(([right, down], channel) => {
    for (let i = 0; i < TEST_PATTERN_SIDE ** 2; i++) {
      picture[4 * i + channel] =
        ((right * (i % TEST_PATTERN_SIDE) + down * Math.floor(i / TEST_PATTERN_SIDE)) % 8) * 36;
    }
  });
  return picture;
}
