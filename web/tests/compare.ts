// Differences between arrays, and arrays decoded from base64.

export function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

export function decodeFloats(base64: string): Float32Array {
  return new Float32Array(decode(base64).buffer);
}

/** The largest |a - b| - tolerance(b); at most 0 if all elements are close. NaN and infinities must be the
 * same in both. */
export function excess(
  actual: Float32Array,
  expected: Float32Array,
  absolute: number,
  relative: number,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = Number.NEGATIVE_INFINITY;
  expected.forEach((value, i) => {
    const found = actual[i] ?? Number.NaN;
    if (Object.is(found, value) || found === value) return;
    const over = Math.abs(found - value) - absolute - relative * Math.abs(value);
    worst = Math.max(worst, Number.isNaN(over) ? Number.POSITIVE_INFINITY : over);
  });
  return worst;
}

export function largestDifference(actual: Float32Array, expected: Float32Array): number {
  return Math.max(0, excess(actual, expected, 0, 0));
}
