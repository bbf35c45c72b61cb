// Logarithm, sine and cosine to the bits of those that torch draws normal numbers by on x86 (ATen/native/cpu/avx_mathfun.h,
// which are Cephes' polynomials in float32). The compiler fuses products with sums, so those are rounded once.

const { fround } = Math;

/** a * b + c, rounded once: the product of two float32 is exact in float64. */
const fused = (a: number, b: number, c: number): number => fround(a * b + c);

/** A polynomial of float32, by Horner's rule. */
const polynomial = (x: number, [first = 0, ...others]: readonly number[]): number =>
  others.reduce((sum, next) => fused(sum, x, next), first);

const single = (values: readonly number[]): readonly number[] => values.map(fround);

const LOG = single([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]);
/** ln 2 in two parts. */
const [LN2_LOW, LN2_HIGH] = [fround(-2.1219444e-4), fround(0.693359375)];
const ROOT_OF_HALF = fround(Math.SQRT1_2);

const SINE = single([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
const COSINE = single([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
const EIGHTHS_PER_RADIAN = fround(4 / Math.PI);
/** An eighth of a turn in three parts, negative. */
const EIGHTH = single([-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8]);

const view = new DataView(new ArrayBuffer(4));

/** The natural logarithm of a positive number. */
export function logarithm(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getInt32(0);
  let exponent = (bits >> 23) - 126;
  // The fraction, from a half to 1.
  view.setInt32(0, (bits & 0x807fffff) | 0x3f000000);
  let m = view.getFloat32(0);
  if (m < ROOT_OF_HALF) {
    exponent -= 1;
    m = fround(fround(m - 1) + m);
  } else m = fround(m - 1);
  const z = fround(m * m);
  const tail = fused(fround(polynomial(m, LOG) * m), z, fround(exponent * LN2_LOW));
  return fused(exponent, LN2_HIGH, fround(m + fused(-z, 0.5, tail)));
}

/** Sine and cosine of a number from 0 on. */
export function sineAndCosine(x: number): [sine: number, cosine: number] {
  const eighths = (Math.trunc(fround(x * EIGHTHS_PER_RADIAN)) + 1) & ~1;
  const r = EIGHTH.reduce((rest, part) => fused(eighths, part, rest), x);
  const z = fround(r * r);
  const c = fround(fused(fround(polynomial(z, COSINE) * z), z, -fround(z * 0.5)) + 1);
  const s = fused(fround(polynomial(z, SINE) * z), r, r);
  const [sine, cosine] = eighths & 2 ? [c, s] : [s, c];
  return [eighths & 4 ? -sine : sine, (eighths - 2) & 4 ? cosine : -cosine];
}
