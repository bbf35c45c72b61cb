/** A curve of losses, for a plot of few pixels. */

export interface Curve {
  /** Places 0..1 from the left, and from the bottom. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The loss at the bottom and at the top. */
  readonly least: number;
  readonly most: number;
}

/** Means of equal stretches of the losses, at most `count`. The height is logarithmic, as losses fall by factors. */
export function makeCurve(losses: readonly number[], count: number): Curve {
  const stretches = Math.min(count, losses.length);
  const means = Array.from({ length: stretches }, (_, i) => {
    const from = Math.floor((i * losses.length) / stretches);
    const part = losses.slice(from, Math.floor(((i + 1) * losses.length) / stretches));
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const height = (loss: number) => Math.log(Math.max(loss, Number.MIN_VALUE));
  const range = height(most) - height(least);
  const points = means.map(
    (mean, i) =>
      [
        stretches > 1 ? i / (stretches - 1) : 0,
        range > 0 ? (height(mean) - height(least)) / range : 0.5,
      ] as const,
  );
  return { points, least, most };
}
