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

function maxDifference(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let max = 0;
  // NaN counts as an infinite difference.
  for (let i = 0; i < values.length; i++) {
    const distance = Math.abs((values[i] ?? Number.NaN) - (reference[i] ?? Number.NaN));
    if (!(distance <= max)) max = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
  }
  return max;
}

function meanDifference(values: Uint8ClampedArray, reference: Uint8ClampedArray): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < reference.length; i++) {
    // Alpha is not compared.
    if (i % 4 < 3) sum += Math.abs((values[i] ?? 0) - (reference[i] ?? 0));
  }
  return sum / ((reference.length / 4) * 3);
}
