// What is wrong with a painter that paints: asked of what its own kernels make of a picture that is known,
// outside of frames. See `health-monitor.ts` for when, and for why the canvas is not asked.
//
// A painting hides what went wrong before it: the last tanh is clamped, and the canvas is, so NaN comes out as
// some colour. Hence every kernel is asked for samples of what it leaves to the next.

import type { BackendPainter, ProbeResult } from '../painter.ts';

/** One sentence, or null where all is well. What cannot be asked is no fault: losses are heard elsewhere. */
export async function diagnose(painter: BackendPainter): Promise<string | null> {
  const findings = await painter.probe().catch(() => null);
  return findings && diagnoseResult(findings);
}

export function diagnoseResult({ values, painted }: ProbeResult): string | null {
  if (!values.every(Number.isFinite)) {
    return 'The GPU computes NaN of a known picture; it cannot run this look.';
  }
  if (!painted || (values.length > 0 && values.every(value => value === 0))) {
    return 'The GPU computes zeros of a known picture; it cannot run this look.';
  }
  return null;
}

/** Multiples of it, without the whole part, are spread evenly and follow no row: where samples are taken. */
export const GOLDEN_RATIO = 0.618034;

export const TEST_PATTERN_SIDE = 16;
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

/** Stripes in all colours, each of another direction per channel: rows of RGBA, opaque. */
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
