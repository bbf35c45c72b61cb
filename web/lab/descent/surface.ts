/** Loss surfaces over two weights: exact functions with their gradients, and the places where they are least. */

export type Point = readonly [x: number, y: number];

export interface Surface {
  readonly names: readonly [x: string, y: string];
  /** What is shown: the ranges of x and of y. */
  readonly view: readonly [x: Point, y: Point];
  readonly start: Point;
  readonly minima: readonly Point[];
  /** The value at the minima. */
  readonly least: number;
  value(x: number, y: number): number;
  /** Writes the two derivatives to `out`, at `at` and `at` + 1. */
  gradient(x: number, y: number, out: Float64Array, at: number): void;
  /** Of quadratic functions: the largest and the smallest curvature, L and mu. */
  readonly curvature?: { readonly most: number; readonly least: number };
  /** The largest learning rate of plain descent that converges; about so, where no theory says it. */
  readonly stable: number;
  /** Runs of networks, as far as they are seen on it. */
  readonly runs?: readonly SurfaceRun[];
}

/** Where paths begin: at the chosen place, if the surface has it in view, and else where the surface's own do. */
export const startOn = ({ view, start }: Surface, chosen: Point | null): Point =>
  chosen && view.every(([least, most], axis) => least <= (chosen[axis] ?? 0) && (chosen[axis] ?? 0) <= most)
    ? chosen
    : start;

/** A loss that is a mean over examples. */
export interface SampledSurface extends Surface {
  /** How many examples there are. */
  readonly count: number;
  /** The gradient of some of the examples alone, as stochastic descent has it. */
  sampleGradient(x: number, y: number, chosen: ArrayLike<number>, out: Float64Array, at: number): void;
}

export interface SurfaceRun {
  readonly label: string;
  /** x and y of places along it, from its start to its end. */
  readonly points: Float64Array;
}

/** 0.5 (x^2 + k y^2): a valley whose walls are k times as steep as its bed. */
export const ravine = (condition: number): Surface => ({
  names: ['x', 'y'],
  view: [
    [-2.6, 2.6],
    [-1.3, 1.3],
  ],
  start: [-2.2, 1],
  minima: [[0, 0]],
  least: 0,
  value: (x, y) => 0.5 * (x * x + condition * y * y),
  gradient: (x, y, out, at) => {
    out[at] = x;
    out[at + 1] = condition * y;
  },
  curvature: { most: condition, least: 1 },
  stable: 2 / condition,
});

/** x^2 - y^2 + y^4 / 4 + 1: a saddle in the middle, and a minimum on each side of it, so that there is somewhere to go. */
export const saddle: Surface = {
  names: ['x', 'y'],
  view: [
    [-2.6, 2.6],
    [-2.2, 2.2],
  ],
  // On the ridge, but for a trifle: with none, no optimizer would ever leave it.
  start: [-2, 1e-3],
  minima: [
    [0, Math.SQRT2],
    [0, -Math.SQRT2],
  ],
  least: 0,
  stable: 0.5,
  value: (x, y) => x * x - y * y + y ** 4 / 4 + 1,
  gradient: (x, y, out, at) => {
    out[at] = 2 * x;
    out[at + 1] = y ** 3 - 2 * y;
  },
};

/** Beale (1958): flat, with steep corners. */
export const beale: Surface = {
  names: ['x', 'y'],
  view: [
    [-1.5, 4.2],
    [-2.1, 2.1],
  ],
  start: [-0.5, -1],
  minima: [[3, 0.5]],
  least: 0,
  stable: 0.02,
  value: (x, y) => (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y ** 3) ** 2,
  gradient: (x, y, out, at) => {
    const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3];
    out[at] = 2 * (a * (y - 1) + b * (y * y - 1) + c * (y ** 3 - 1));
    out[at + 1] = 2 * x * (a + 2 * b * y + 3 * c * y * y);
  },
};

/** Rosenbrock (1960): a bent valley that is easy to find and slow to follow. */
export const rosenbrock: Surface = {
  names: ['x', 'y'],
  view: [
    [-2, 2],
    [-0.8, 2.4],
  ],
  start: [-1.2, 1],
  minima: [[1, 1]],
  least: 0,
  stable: 0.002,
  value: (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
  gradient: (x, y, out, at) => {
    out[at] = -2 * (1 - x) - 400 * x * (y - x * x);
    out[at + 1] = 200 * (y - x * x);
  },
};

/** Himmelblau (1972): four equal minima. Which one is found depends on the optimizer. */
export const himmelblau: Surface = {
  names: ['x', 'y'],
  view: [
    [-5.4, 5.4],
    [-5, 5],
  ],
  // Near the hill in the middle, from which the ways part.
  start: [-0.2, -0.9],
  minima: [
    [3, 2],
    [-2.805118086952745, 3.131312518250573],
    [-3.779310253377747, -3.283185991286169],
    [3.584428340330492, -1.848126526964404],
  ],
  least: 0,
  stable: 0.03,
  value: (x, y) => (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
  gradient: (x, y, out, at) => {
    const [a, b] = [x * x + y - 11, x + y * y - 7];
    out[at] = 4 * x * a + 2 * b;
    out[at + 1] = 2 * a + 4 * y * b;
  },
};
