/** What a classifier answers: scores of classes, and probabilities of them. */

/** Probabilities of classes, of scores from a place on. */
export function softmax(scores: ArrayLike<number>, from: number, classes: number): number[] {
  const own = Array.from({ length: classes }, (_, i) => scores[from + i] ?? 0);
  const most = Math.max(...own);
  const powers = own.map(score => Math.exp(score - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map(power => power / sum);
}

export const indexOfMost = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value > (values[best] ?? 0) ? i : best), 0);
