// The gradients of GridSample as ONNX's own operators: positions in arithmetic, then gathered or scattered pixels.

import type { Sampling } from '../graph/ir/operation.ts';
import { productOf } from '../graph/ir/strides.ts';
import { int, type NodeWriter, text } from '../onnx/node-writer.ts';

/** What a gradient reads. */
export interface SamplingShapes {
  readonly picture: readonly number[];
  readonly grid: readonly number[];
  readonly sampling: Sampling;
}

const INT64 = 7;
/** As the engine has it: larger positions are read as if they were not finite. */
const MAX_POSITION = 1e12;

/** Positions along one axis, (N, 1, P) for the P places of the grid: in pixels, and their derivative by the grid. */
interface Positions {
  readonly at: string;
  readonly slope: string;
}

const clip = (writer: NodeWriter, x: string, low: number, high: number): string =>
  writer.add('Min', [writer.add('Max', [x, writer.number(low)]), writer.number(high)]);

function writePositions(
  writer: NodeWriter,
  grid: string,
  { picture, grid: dims, sampling }: SamplingShapes,
  axis: 0 | 1,
): Positions {
  const { interpolation, padding, alignCorners } = sampling;
  const size = picture[3 - axis] ?? 1;
  const [n = 1, rows = 1, columns = 1] = dims;
  const given = writer.reshape(writer.add('Gather', [grid, writer.integers([axis])], { axis: int(3) }), [
    n,
    1,
    rows * columns,
  ]);
  const isNear = writer.add('Less', [writer.add('Abs', [given]), writer.number(MAX_POSITION)]);
  const shifted = writer.shifted(writer.where(isNear, given, writer.number(-1)), 1);
  const factor = alignCorners ? (size - 1) / 2 : size / 2;
  const whole = writer.shifted(writer.scaled(shifted, factor), alignCorners ? 0 : -0.5);
  const raw = interpolation === 'nearest' ? writer.add('Round', [whole]) : whole;
  if (padding === 'zeros') {
    return { at: clip(writer, raw, -2, size + 1), slope: writer.number(factor) };
  }
  const reflected = padding === 'reflection' ? reflect(writer, raw, size, alignCorners) : null;
  const at = clip(writer, reflected?.at ?? raw, 0, size - 1);
  const isInside = writer.add('And', [
    writer.isAbove(at, 0),
    writer.add('Less', [at, writer.number(size - 1)]),
  ]);
  const sign = reflected ? writer.scaled(reflected.sign, factor) : writer.number(factor);
  return { at, slope: writer.where(isInside, sign, writer.number(0)) };
}

/** Beyond the outer middles (or edges) the picture comes mirrored, then as it is, and so on. */
function reflect(
  writer: NodeWriter,
  raw: string,
  size: number,
  alignCorners: boolean,
): { readonly at: string; readonly sign: string } {
  const [low, span] = alignCorners ? [0, size - 1] : [0.5, size];
  const period = Math.max(2 * span, 1);
  const moved = writer.shifted(raw, low);
  const along = writer.add('Abs', [moved]);
  const turns = writer.add('Floor', [writer.over(along, writer.number(period))]);
  const phase = writer.minus(along, writer.scaled(turns, period));
  const apart = writer.add('Abs', [writer.shifted(phase, -span)]);
  const signOf = (test: string) => writer.where(test, writer.number(-1), writer.number(1));
  const isBelow = writer.add('Less', [moved, writer.number(0)]);
  const isFalling = writer.add('GreaterOrEqual', [phase, writer.number(span)]);
  return {
    at: writer.minus(writer.number(span - low), apart),
    sign: writer.times(signOf(isBelow), signOf(isFalling)),
  };
}

/** A pixel that each place reads: its index in the plane, (N, C, P), and factors of shape (N, 1, P), which are 0 where
 * there is no pixel. */
interface Tap {
  readonly index: string;
  readonly weight: string;
  readonly byX: string;
  readonly byY: string;
}

function writeTaps(writer: NodeWriter, x: Positions, y: Positions, shapes: SamplingShapes): Tap[] {
  const [n = 1, c = 1, height = 1, width = 1] = shapes.picture;
  const [, rows = 1, columns = 1] = shapes.grid;
  const isLinear = shapes.sampling.interpolation === 'linear';
  const isPadded = shapes.sampling.padding === 'zeros';
  const one = writer.number(1);
  return [0, 1, 2, 3].slice(0, isLinear ? 4 : 1).map(tap => {
    const along = ({ at }: Positions, step: number, size: number) => {
      const corner = writer.add('Floor', [at]);
      const pixel = step ? writer.shifted(corner, 1) : corner;
      const part = writer.minus(at, corner);
      const isInside = writer.add('And', [
        writer.isAbove(pixel, -0.5),
        writer.add('Less', [pixel, writer.number(size - 0.5)]),
      ]);
      const share = !isLinear ? one : step ? part : writer.minus(one, part);
      return { pixel: clip(writer, pixel, 0, size - 1), share, isInside };
    };
    const [dx, dy] = [tap & 1, tap >> 1];
    const [ownX, ownY] = [along(x, dx, width), along(y, dy, height)];
    const index = writer.plus(writer.scaled(ownY.pixel, width), ownX.pixel);
    const whole = writer.add('Cast', [index], { to: int(INT64) });
    const shape = writer.integers([n, c, rows * columns]);
    const isInside = writer.add('And', [ownX.isInside, ownY.isInside]);
    const masked = (value: string) => (isPadded ? writer.where(isInside, value, writer.number(0)) : value);
    return {
      index: writer.add('Expand', [whole, shape]),
      weight: masked(writer.times(ownX.share, ownY.share)),
      byX: masked(writer.scaled(ownY.share, dx ? 1 : -1)),
      byY: masked(writer.scaled(ownX.share, dy ? 1 : -1)),
    };
  });
}

const flat = (writer: NodeWriter, x: string, [n = 1, c = 1, ...sides]: readonly number[]): string =>
  writer.reshape(x, [n, c, productOf(sides)]);

/** The gradient by the picture. */
export function writePictureGradient(
  writer: NodeWriter,
  grid: string,
  gradient: string,
  shapes: SamplingShapes,
): string {
  const [n = 1, c = 1, height = 1, width = 1] = shapes.picture;
  const [, rows = 1, columns = 1] = shapes.grid;
  const [x, y] = ([0, 1] as const).map(axis => writePositions(writer, grid, shapes, axis));
  if (!x || !y) return gradient;
  const dy = flat(writer, gradient, [n, c, rows, columns]);
  const sum = writeTaps(writer, x, y, shapes).reduce(
    (made, { index, weight }) =>
      writer.add('ScatterElements', [made, index, writer.times(dy, weight)], {
        axis: int(2),
        reduction: text('add'),
      }),
    writer.zeros([n, c, height * width]),
  );
  return writer.reshape(sum, shapes.picture);
}

/** The gradient by the positions. */
export function writePositionGradient(
  writer: NodeWriter,
  picture: string,
  grid: string,
  gradient: string,
  shapes: SamplingShapes,
): string {
  const [n = 1, c = 1] = shapes.picture;
  const [, rows = 1, columns = 1] = shapes.grid;
  const [x, y] = ([0, 1] as const).map(axis => writePositions(writer, grid, shapes, axis));
  if (!x || !y) return gradient;
  const [from, dy] = [flat(writer, picture, shapes.picture), flat(writer, gradient, [n, c, rows, columns])];
  const taps = writeTaps(writer, x, y, shapes).map(tap => {
    const pixels = writer.add('GatherElements', [from, tap.index], { axis: int(2) });
    return { ...tap, sum: writer.sum(writer.times(pixels, dy), [1]) };
  });
  const total = (of: 'byX' | 'byY', { slope }: Positions) => {
    const parts = taps.map(tap => writer.times(tap.sum, tap[of]));
    const sum = writer.times(writer.add('Sum', parts), slope);
    return writer.reshape(sum, [n, rows * columns, 1]);
  };
  const both = writer.add('Concat', [total('byX', x), total('byY', y)], { axis: int(2) });
  return writer.reshape(both, shapes.grid);
}
