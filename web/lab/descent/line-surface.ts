/** A real loss surface: the mean squared error of the line y = w x + b over examples, for each w and b. */
import type { SampledSurface } from './surface.ts';

export interface Examples {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Half of what is seen of b, in deviations of the view around the minimum. */
const HALF = [1.7, 1.1] as const;

export function lineSurface(examples: Examples): SampledSurface {
  const { x, y } = examples;
  const { length } = x;
  let [xx, xs, xy, ys, yy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [u = 0, v = 0] = [x[i], y[i]];
    xx += (u * u) / length;
    xs += u / length;
    xy += (u * v) / length;
    ys += v / length;
    yy += (v * v) / length;
  }
  const slope = (xy - xs * ys) / (xx - xs * xs);
  const offset = ys - slope * xs;
  const value = (w: number, b: number) => w * w * xx + 2 * w * b * xs + b * b - 2 * w * xy - 2 * b * ys + yy;
  const [middle, apart] = [xx + 1, Math.hypot(xx - 1, 2 * xs)];
  return {
    names: ['w, the slope', 'b, the offset'],
    view: [
      [slope - HALF[0], slope + HALF[0]],
      [offset - HALF[1], offset + HALF[1]],
    ],
    start: [slope + 1.3, offset + 0.75],
    minima: [[slope, offset]],
    least: value(slope, offset),
    value,
    gradient: (w, b, out, at) => {
      out[at] = 2 * (w * xx + b * xs - xy);
      out[at + 1] = 2 * (w * xs + b - ys);
    },
    curvature: { most: middle + apart, least: middle - apart },
    stable: 2 / (middle + apart),
    count: length,
    sampleGradient: (w, b, chosen, out, at) => {
      let [byW, byB] = [0, 0];
      for (let i = 0; i < chosen.length; i++) {
        const one = chosen[i] ?? 0;
        const u = x[one] ?? 0;
        const error = w * u + b - (y[one] ?? 0);
        byW += error * u;
        byB += error;
      }
      out[at] = (2 * byW) / chosen.length;
      out[at + 1] = (2 * byB) / chosen.length;
    },
  };
}
