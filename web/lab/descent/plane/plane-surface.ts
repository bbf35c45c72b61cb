/** The loss of a network on the plane through its start and the ends of two runs, as a surface to race on. */
import type { Point, SampledSurface, Surface, SurfaceRun } from '../surface.ts';
import { GridSurface, type HeightGrid } from './grid-surface.ts';
import type { PerceptronLoss } from './perceptron-loss.ts';
import type { Place, Plane } from './plane.ts';

/** Of the map, whose scale is the same in both directions. */
const RATIO = 16 / 10;
/** Around the three places, as a part of how far they reach. */
const MARGIN = 0.75;
/** Places in each direction at which the curvature is measured. */
const PROBES = 24;

/** What is shown of the plane: the start, both ends, and what lies around them. */
export function viewOf({ ends }: Pick<Plane, 'ends'>): Surface['view'] {
  const places: readonly Place[] = [[0, 0], ...ends];
  const spans = ([0, 1] as const).map(axis => {
    const values = places.map(place => place[axis]);
    return [Math.min(...values), Math.max(...values)] as const;
  });
  const reach = Math.max(...spans.map(([least, most]) => most - least));
  const sizes = spans.map(([least, most]) => most - least + 2 * MARGIN * reach);
  const width = Math.max(sizes[0] ?? 0, (sizes[1] ?? 0) * RATIO);
  const around = (axis: 0 | 1, size: number): Point => {
    const [least, most] = spans[axis] ?? [0, 0];
    return [(least + most - size) / 2, (least + most + size) / 2];
  };
  return [around(0, width), around(1, width / RATIO)];
}

/** Whether a place is nearer to an edge of the map than a cell: the lowest place beyond is not known then. */
const isAtEdge = ([x, y]: Point, view: Surface['view'], { columns, rows }: HeightGrid): boolean =>
  view.some(([least, most], axis) => {
    const cell = (most - least) / (axis === 0 ? columns : rows);
    const value = axis === 0 ? x : y;
    return value < least + cell || value > most - cell;
  });

/** The largest curvature among places that are no higher than the start: where descent may come. */
function largestCurvature(surface: GridSurface, [[left, right], [bottom, top]]: Surface['view']): number {
  const height = surface.value(0, 0);
  let most = 0;
  for (let i = 1; i < PROBES; i++) {
    for (let j = 1; j < PROBES; j++) {
      const place: Point = [left + ((right - left) * i) / PROBES, bottom + ((top - bottom) * j) / PROBES];
      if (surface.value(...place) <= height) most = Math.max(most, surface.curvatureAt(place));
    }
  }
  return most;
}

export function planeSurface(
  grid: HeightGrid,
  view: Surface['view'],
  runs: readonly SurfaceRun[],
  loss: PerceptronLoss,
): SampledSurface {
  const surface = new GridSurface(grid, view);
  const lowest = surface.lowest();
  return {
    names: ['x, towards the end of the first run', 'y, at a right angle to it'],
    view,
    start: [0, 0],
    minima: isAtEdge(lowest, view, grid) ? [] : [lowest],
    least: surface.value(...lowest),
    value: surface.value,
    gradient: surface.gradient,
    stable: 2 / largestCurvature(surface, view),
    runs,
    count: loss.count,
    sampleGradient: (x, y, chosen, out, at) => {
      if (surface.has(x, y)) loss.gradient(x, y, chosen, out, at);
      else out.fill(Number.NaN, at, at + 2);
    },
  };
}
