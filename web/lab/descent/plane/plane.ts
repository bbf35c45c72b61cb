/** A plane in the space of all weights of a network, through three of its places (Goodfellow et al. 2015 look along a line in
 * the same way). */

export interface Plane {
  readonly origin: Float32Array;
  /** Two directions of length 1 at a right angle, so that lengths and slopes on the plane are those of the weights. */
  readonly axes: readonly [Float32Array, Float32Array];
  /** Where the two places lie. The first is on the x axis. */
  readonly ends: readonly [Place, Place];
}

export type Place = readonly [x: number, y: number];

/** Ends that are nearer to one line with the origin than this part of their distance make no plane. */
const MIN_APART = 1e-3;

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - (b[i] ?? 0));

/** The plane through an origin and two other places, by Gram and Schmidt's process. Throws an Error if all three lie on a
 * line, or nearly so. */
export function makePlane(origin: Float32Array, first: Float32Array, second: Float32Array): Plane {
  const [u, v] = [minus(first, origin), minus(second, origin)];
  const length = Math.sqrt(dot(u, u));
  const x = u.map(value => value / length);
  const along = dot(v, x);
  const across = v.map((value, i) => value - along * (x[i] ?? 0));
  const height = Math.sqrt(dot(across, across));
  if (!(height > MIN_APART * Math.sqrt(dot(v, v)))) {
    throw new Error(
      'The start and the ends of the two runs lie on one line, so they make no plane. Choose another optimizer or more steps.',
    );
  }
  const y = across.map(value => value / height);
  return {
    origin,
    axes: [x, y],
    ends: [
      [length, 0],
      [along, height],
    ],
  };
}

/** The place on the plane that is nearest to some weights, and how far away from it they are. */
export function project({ origin, axes }: Plane, weights: Float32Array): { place: Place; away: number } {
  const apart = minus(weights, origin);
  const [x, y] = [dot(apart, axes[0]), dot(apart, axes[1])];
  return { place: [x, y], away: Math.sqrt(Math.max(0, dot(apart, apart) - x * x - y * y)) };
}
