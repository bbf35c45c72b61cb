// How far arrays differ, and reading them from text.

export function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

export function decodeFloats(base64: string): Float32Array {
  return new Float32Array(decode(base64).buffer);
}

/** Largest of |a - b| - tolerance(b): at most 0 where all are close. NaN and infinities must agree. */
export function excess(
  actual: Float32Array,
  expected: Float32Array,
  absolute: number,
  relative: number,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  expected.forEach((value, i) => {
    const made = actual[i] ?? Number.NaN;
    if (Object.is(made, value) || made === value) return;
    const over = Math.abs(made - value) - absolute - relative * Math.abs(value);
    worst = Math.max(worst, Number.isNaN(over) ? Number.POSITIVE_INFINITY : over);
  });
  return worst;
}

export function largestDifference(actual: Float32Array, expected: Float32Array): number {
  return Math.max(0, excess(actual, expected, 0, 0));
}
