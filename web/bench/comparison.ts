// Compares a rival's output with the reference's: the computed values, and the canvas.

/** A rival's painting of the test image, and its canvas after a frame of the same scene. */
export interface RivalOutput {
  readonly planes: Float32Array;
  readonly canvas: Uint8ClampedArray;
}

export interface Comparison {
  /** Largest difference of its painting from the reference's, in 0..1; null without a reference. */
  readonly difference: number | null;
  /** Mean difference of its canvas from the reference's, of 255. It is never 0, as frames are resampled differently. */
  readonly shown: number | null;
  /** False if it paints something else or was not compared: its times cannot be compared then. */
  readonly ranked: boolean;
}

/** Below this difference a rival computes the same painting. */
const MAX_DIFFERENCE = 1e-3;
/** Below this mean difference a canvas shows the same painting: a twentieth of the range of a byte. */
const MAX_CANVAS_DIFFERENCE = 255 / 20;

export function compareOutputs(output: RivalOutput, reference: RivalOutput | null): Comparison {
  if (!reference) return { difference: null, shown: null, ranked: false };
  const difference = maxDifference(output.planes, reference.planes);
  const shown = meanDifference(output.canvas, reference.canvas);
  return { difference, shown, ranked: difference <= MAX_DIFFERENCE && shown <= MAX_CANVAS_DIFFERENCE };
}

function maxDifference(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let max = 0;
  // NaN counts as an infinite difference.
  for (let i = 0; i < one.length; i++) {
    const distance = Math.abs((one[i] ?? Number.NaN) - (other[i] ?? Number.NaN));
    if (!(distance <= max)) max = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
  }
  return max;
}

function meanDifference(one: Uint8ClampedArray, other: Uint8ClampedArray): number {
  if (one.length !== other.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < other.length; i++) {
    // Alpha is not compared.
    if (i % 4 < 3) sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0));
  }
  return sum / ((other.length / 4) * 3);
}
