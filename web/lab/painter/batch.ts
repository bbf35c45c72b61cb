/** The places and colours that a step learns from. */
import { randomNumbers } from '../numbers/random.ts';
import type { Pixels } from './pixels.ts';

/** Places and colours of side x side pixels: drawn at random by the keys, or all of the picture. */
export function makeBatch(
  { width, height, colors }: Pixels,
  side: number,
  keys: readonly number[] | null,
): { xy: Float32Array; colors: Float32Array } {
  const count = side * side;
  const all = width * height;
  const random = keys && randomNumbers(...keys);
  const [xy, made] = [new Float32Array(2 * count), new Float32Array(3 * count)];
  for (let i = 0; i < count; i++) {
    const pixel = random ? Math.floor(random() * all) : i;
    xy[i] = (2 * (pixel % width) + 1) / width - 1;
    xy[count + i] = (2 * Math.floor(pixel / width) + 1) / height - 1;
    for (let c = 0; c < 3; c++) made[c * count + i] = colors[3 * pixel + c] ?? 0;
  }
  return { xy, colors: made };
}
