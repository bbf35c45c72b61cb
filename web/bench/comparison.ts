// Whether a rival paints what the reference paints: what is computed, value by value, and what is on the canvas.

/** What one rival made of the test's picture, and its canvas after a frame of the same moment. */
export interface Painted {
  readonly planes: Float32Array;
  readonly canvas: Uint8ClampedArray;
}

export interface Comparison {
  /** Largest difference of its painting from the reference's, in 0..1; null where there is no reference. */
  readonly difference: number | null;
  /** Mean difference of its canvas from the reference's, of 255: frames are sampled differently on their way. */
  readonly shown: number | null;
  /** False where it paints something else or was not compared: its times say nothing. */
  readonly ranked: boolean;
}

/** Largest difference with which a rival still computes the same. */
const SAME = 1e-3;
/** Largest mean difference with which a canvas still shows the same: a twentieth of the range of a byte. */
const SHOWN_SAME = 255 / 20;

export function compared(painted: Painted, expected: Painted | null): Comparison {
  if (!expected) return { difference: null, shown: null, ranked: false };
  const difference = largest(painted.planes, expected.planes);
  const shown = mean(painted.canvas, expected.canvas);
  return { difference, shown, ranked: difference <= SAME && shown <= SHOWN_SAME };
}

function largest(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  // Not a number is as far off as can be.
  for (let i = 0; i < one.length; i++) {
    const apart = Math.abs((one[i] ?? Number.NaN) - (other[i] ?? Number.NaN));
    if (!(apart <= most)) most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
  }
  return most;
}

function mean(one: Uint8ClampedArray, other: Uint8ClampedArray): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < other.length; i++) {
    // Whether it is opaque says nothing.
    if (i % 4 < 3) sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0));
  }
  return sum / ((other.length / 4) * 3);
}
