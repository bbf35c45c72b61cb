/** Strokes of a brush, as plain data: so that they can be undone, and drawn again at any size. */

export interface StrokePoint {
  /** In widths of the picture, from its left upper corner. */
  readonly x: number;
  readonly y: number;
  /** The share of the size, 0..1 (`shareOf`). */
  readonly pressure: number;
}

export interface Stroke {
  readonly tool: 'brush' | 'eraser';
  readonly colour: string;
  /** The diameter at full pressure, in widths of the picture. */
  readonly size: number;
  readonly points: readonly StrokePoint[];
}

/** A round mark of the brush. */
export interface Dab {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** The part of the brush's size that the lightest touch has. */
const LEAST_SHARE = 0.25;
/** Distance of two dabs, in radii. */
const SPACING = 0.25;

/** The share of the size: the whole for a mouse or a finger, less where a pen presses little. */
export const shareOf = (pressure: number, isPen: boolean): number =>
  isPen ? LEAST_SHARE + (1 - LEAST_SHARE) * Math.min(1, Math.max(0, pressure)) : 1;

/** The dabs from one point to the next, without the first one's. */
export function dabsBetween(from: StrokePoint, to: StrokePoint, size: number): Dab[] {
  const [begin, end] = [(size * from.pressure) / 2, (size * to.pressure) / 2];
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const count = Math.max(1, Math.ceil(distance / (SPACING * Math.max(Math.min(begin, end), size / 20))));
  return Array.from({ length: count }, (_, i) => {
    const part = (i + 1) / count;
    return {
      x: from.x + (to.x - from.x) * part,
      y: from.y + (to.y - from.y) * part,
      radius: begin + (end - begin) * part,
    };
  });
}

/** All dabs of a stroke. A single point is one. */
export function dabsOf({ points, size }: Stroke): Dab[] {
  const [first, ...others] = points;
  if (!first) return [];
  const dabs: Dab[] = [{ x: first.x, y: first.y, radius: (size * first.pressure) / 2 }];
  let previous = first;
  for (const point of others) {
    dabs.push(...dabsBetween(previous, point, size));
    previous = point;
  }
  return dabs;
}
