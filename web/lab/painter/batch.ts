/** What a step learns from: the picture as an array that stays the same as long as the picture does. */
import type { Pixels } from './pixels.ts';

const known = new WeakMap<Pixels, Float32Array>();

/** The colours of the picture by channels: (3, height, width), 0 to 1. */
export function planesOf(pixels: Pixels): Float32Array {
  const { width, height, colors } = pixels;
  const planes = known.get(pixels) ?? new Float32Array(3 * width * height);
  if (known.has(pixels)) return planes;
  const size = width * height;
  for (let i = 0; i < planes.length; i++) planes[i] = colors[3 * (i % size) + Math.floor(i / size)] ?? 0;
  known.set(pixels, planes);
  return planes;
}
