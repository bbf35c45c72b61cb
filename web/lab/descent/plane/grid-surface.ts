/** A surface of heights on a grid, with cubic curves between them. Optimizers race on it rather than on the network itself: its
 * slope at a place takes no sum over a thousand digits, and the heat map asks for up to a million of them. */
import type { Point, Surface } from '../surface.ts';

export interface HeightGrid {
  readonly columns: number;
  readonly rows: number;
  /** (rows + 1) x (columns + 1), from the least x and y on. */
  readonly heights: Float64Array;
}

type View = Surface['view'];

/** Weights of four neighbours, at 0..1 between the middle two, and their derivatives (Catmull and Rom 1974). */
function cubic(t: number, weights: Float64Array, slopes: Float64Array): void {
  const [t2, t3] = [t * t, t * t * t];
  weights[0] = (-t3 + 2 * t2 - t) / 2;
  weights[1] = (3 * t3 - 5 * t2 + 2) / 2;
  weights[2] = (-3 * t3 + 4 * t2 + t) / 2;
  weights[3] = (t3 - t2) / 2;
  slopes[0] = (-3 * t2 + 4 * t - 1) / 2;
  slopes[1] = (9 * t2 - 10 * t) / 2;
  slopes[2] = (-9 * t2 + 8 * t + 1) / 2;
  slopes[3] = (3 * t2 - 2 * t) / 2;
}

/** The grid with one more row or column at each side, on straight lines through the last two. */
function pad({ columns, rows, heights }: HeightGrid): Float64Array {
  const wide = columns + 3;
  const padded = new Float64Array(wide * (rows + 3));
  for (let row = 0; row <= rows; row++) {
    const from = (row + 1) * wide;
    padded.set(heights.subarray(row * (columns + 1), (row + 1) * (columns + 1)), from + 1);
    padded[from] = 2 * (padded[from + 1] ?? 0) - (padded[from + 2] ?? 0);
    padded[from + wide - 1] = 2 * (padded[from + wide - 2] ?? 0) - (padded[from + wide - 3] ?? 0);
  }
  for (let i = 0; i < wide; i++) {
    const last = (rows + 2) * wide + i;
    padded[i] = 2 * (padded[wide + i] ?? 0) - (padded[2 * wide + i] ?? 0);
    padded[last] = 2 * (padded[last - wide] ?? 0) - (padded[last - 2 * wide] ?? 0);
  }
  return padded;
}

/** Height and slope between the places of a grid. Outside of it nothing is known: the height is infinite there, and the slope
 * is no number, so whoever leaves the map stays out. */
export class GridSurface {
  readonly #padded: Float64Array;
  readonly #across = new Float64Array(4);
  readonly #acrossSlope = new Float64Array(4);
  readonly #up = new Float64Array(4);
  readonly #upSlope = new Float64Array(4);

  constructor(
    readonly grid: HeightGrid,
    readonly view: View,
  ) {
    this.#padded = pad(grid);
  }

  has(x: number, y: number): boolean {
    const [[left, right], [bottom, top]] = this.view;
    return x >= left && x <= right && y >= bottom && y <= top;
  }

  /** Sets the weights of the 16 places around, and returns the first one's index. */
  #find(x: number, y: number): number {
    const { columns, rows } = this.grid;
    const [[left, right], [bottom, top]] = this.view;
    const across = ((x - left) / (right - left)) * columns;
    const up = ((y - bottom) / (top - bottom)) * rows;
    const column = Math.min(columns - 1, Math.floor(across));
    const row = Math.min(rows - 1, Math.floor(up));
    cubic(across - column, this.#across, this.#acrossSlope);
    cubic(up - row, this.#up, this.#upSlope);
    return row * (columns + 3) + column;
  }

  #sum(first: number, across: Float64Array, up: Float64Array): number {
    const wide = this.grid.columns + 3;
    let sum = 0;
    for (let row = 0; row < 4; row++) {
      let own = 0;
      const from = first + row * wide;
      for (let column = 0; column < 4; column++)
        own += (across[column] ?? 0) * (this.#padded[from + column] ?? 0);
      sum += (up[row] ?? 0) * own;
    }
    return sum;
  }

  readonly value = (x: number, y: number): number =>
    this.has(x, y) ? this.#sum(this.#find(x, y), this.#across, this.#up) : Number.POSITIVE_INFINITY;

  readonly gradient = (x: number, y: number, out: Float64Array, at: number): void => {
    if (!this.has(x, y)) {
      out.fill(Number.NaN, at, at + 2);
      return;
    }
    const { columns, rows } = this.grid;
    const [[left, right], [bottom, top]] = this.view;
    const first = this.#find(x, y);
    out[at] = (this.#sum(first, this.#acrossSlope, this.#up) * columns) / (right - left);
    out[at + 1] = (this.#sum(first, this.#across, this.#upSlope) * rows) / (top - bottom);
  };

  /** The lowest place: from the lowest one of the grid, downhill by steps that shrink (Hooke and Jeeves 1961). */
  lowest(): Point {
    const { columns, rows, heights } = this.grid;
    const [[left, right], [bottom, top]] = this.view;
    const least = heights.reduce((best, height, i) => (height < (heights[best] ?? 0) ? i : best), 0);
    const row = Math.floor(least / (columns + 1));
    let x = left + ((right - left) * (least - row * (columns + 1))) / columns;
    let y = bottom + ((top - bottom) * row) / rows;
    let step = (right - left) / columns;
    let height = this.value(x, y);
    while (step > 1e-9 * (right - left)) {
      const around: readonly Point[] = [
        [x + step, y],
        [x - step, y],
        [x, y + step],
        [x, y - step],
      ];
      const better = around.find(([toX, toY]) => this.value(toX, toY) < height);
      if (better) {
        [x, y] = better;
        height = this.value(x, y);
      } else step /= 2;
    }
    return [x, y];
  }

  /** The largest curvature at a place: the larger eigenvalue of the second derivatives, which are differences of slopes at the
   * distance of a cell. */
  curvatureAt([x, y]: Point): number {
    const [[left, right], [bottom, top]] = this.view;
    const half = (right - left) / this.grid.columns;
    const within = (value: number, least: number, most: number) =>
      Math.min(most - half, Math.max(least + half, value));
    const [atX, atY] = [within(x, left, right), within(y, bottom, top)];
    const slopes = new Float64Array(8);
    this.gradient(atX + half, atY, slopes, 0);
    this.gradient(atX - half, atY, slopes, 2);
    this.gradient(atX, atY + half, slopes, 4);
    this.gradient(atX, atY - half, slopes, 6);
    const part = (i: number, j: number) => ((slopes[i] ?? 0) - (slopes[j] ?? 0)) / (2 * half);
    const [xx, xy, yy] = [part(0, 2), (part(1, 3) + part(4, 6)) / 2, part(5, 7)];
    return (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
  }
}
