// Sizes and strides of dimensions in row-major order.

export const productOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Row-major strides. */
export const stridesOf = (dims: readonly number[]): number[] =>
  dims.map((_, i) => productOf(dims.slice(i + 1)));

/** The strides of a tensor that is broadcast to `rank` dimensions. */
export function broadcastStrides(dims: readonly number[], rank: number): number[] {
  const own = stridesOf(dims).map((stride, i) => (dims[i] === 1 ? 0 : stride));
  return Array.from({ length: rank }, (_, i) => own[i - rank + own.length] ?? 0);
}
