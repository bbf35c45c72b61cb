// Whether a rival paints what the reference paints: what is computed, value by value, and what is on the canvas.

/** What one rival made of the test's picture, and its canvas after a frame of the same moment. */
export interface RivalOutput {
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
const MAX_DIFFERENCE = 1e-3;
/** Largest mean difference with which a canvas still shows the same: a twentieth of the range of a byte. */
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
  // Not a number is as far off as can be.
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
    // Whether it is opaque says nothing.
    if (i % 4 < 3) sum += Math.abs((one[i] ?? 0) - (other[i] ?? 0));
  }
  return sum / ((other.length / 4) * 3);
}
