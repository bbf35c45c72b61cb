import type { Curve } from '../plot/curve-plot.ts';

/** Means of whole epochs, at their last steps. */
export function epochMeans(losses: ArrayLike<number>, perEpoch: number): Pick<Curve, 'values' | 'steps'> {
  const count = Math.floor(losses.length / perEpoch);
  const values = Float64Array.from({ length: count }, (_, epoch) => {
    let sum = 0;
    for (let i = 0; i < perEpoch; i++) sum += losses[epoch * perEpoch + i] ?? 0;
    return sum / perEpoch;
  });
  return { values, steps: values.map((_, epoch) => (epoch + 1) * perEpoch) };
}
