/** The logistic function by a table: within 1e-10, and several times as fast as Math.exp. */

const STEPS = 512;
const REACH = 32;
const TABLE = Float64Array.from({ length: 2 * REACH * STEPS + 1 }, (_, i) => {
  return 1 / (1 + Math.exp(REACH - i / STEPS));
});

/** 1 / (1 + exp(-x)): a Taylor polynomial around the nearest entry, whose derivatives follow from its value. */
export function sigmoid(x: number): number {
  const place = x * STEPS + (REACH * STEPS + 0.5);
  if (!(place >= 1 && place < 2 * REACH * STEPS)) return 1 / (1 + Math.exp(-x));
  const near = place | 0;
  const s = TABLE[near] ?? 0;
  const h = (place - near - 0.5) * (1 / STEPS);
  return s + h * s * (1 - s) * (1 + h * (0.5 - s));
}
