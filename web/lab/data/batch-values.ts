/** Pictures as a network takes them: float32 of 0..1, moved and flipped at random where that helps it to learn. */
import { randomNumbers } from '../numbers/random.ts';
import type { Examples, Picture } from './examples.ts';

/** Pixels, to each side. */
const MAX_SHIFT = 2;

export interface Augmentation {
  readonly seed: number;
  readonly epoch: number;
  readonly flips: boolean;
}

export const sizeOf = ({ side, channels }: Omit<Picture, 'values'>): number => channels * side * side;

/** Writes a picture, 0..1, from a place on. */
export function writePicture(to: Float32Array, offset: number, { values }: Picture): void {
  for (let i = 0; i < values.length; i++) to[offset + i] = (values[i] ?? 0) / 255;
}

/** The same, shifted and perhaps flipped. Pixels that come in at an edge are mirrored at it, as `limner lab` does. */
export function writeShifted(
  to: Float32Array,
  offset: number,
  { side, channels, values }: Picture,
  [across, down, isFlipped]: readonly [number, number, boolean],
): void {
  const last = side - 1;
  const mirror = (at: number) => last - Math.abs(last - Math.abs(at));
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < side; row++) {
      const from = (channel * side + mirror(row - down)) * side;
      const at = offset + (channel * side + row) * side;
      for (let column = 0; column < side; column++) {
        const source = mirror((isFlipped ? last - column : column) - across);
        to[at + column] = (values[from + source] ?? 0) / 255;
      }
    }
  }
}

/** The pictures of a step one after the other. What is done to each depends on the seed, the epoch and the picture. */
export function batchOf(
  examples: Examples,
  chosen: Uint32Array,
  augmentation: Augmentation | null,
): Float32Array {
  const size = sizeOf(examples.picture(chosen[0] ?? 0));
  const made = new Float32Array(chosen.length * size);
  for (const [i, index] of chosen.entries()) {
    const picture = examples.picture(index);
    if (!augmentation) {
      writePicture(made, i * size, picture);
      continue;
    }
    const random = randomNumbers(augmentation.seed, augmentation.epoch, index);
    const shift = () => Math.floor(random() * (2 * MAX_SHIFT + 1)) - MAX_SHIFT;
    writeShifted(made, i * size, picture, [shift(), shift(), augmentation.flips && random() < 0.5]);
  }
  return made;
}
