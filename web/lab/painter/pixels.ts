/** The picture that is learned, as numbers; and what synaptic's perceptrons are made of. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, 0 to 1, by rows. */
  readonly colors: Float32Array | Float64Array;
}

export const SQUASHES = ['sigmoid', 'tanh', 'relu', 'step', 'identity'] as const;
export type Squash = (typeof SQUASHES)[number];

export const [INPUTS, OUTPUTS] = [2, 3];
/** Numbers of a hidden unit: its weights of x and y, its bias, and its weights to red, green and blue. */
export const UNIT = INPUTS + 1 + OUTPUTS;

const planesOfPixels = new WeakMap<Pixels, Float32Array>();

/** The colours of the picture by channels: (3, height, width), 0 to 1. The same picture has the same array. */
export function planesOf(pixels: Pixels): Float32Array {
  const { width, height, colors } = pixels;
  const planes = planesOfPixels.get(pixels) ?? new Float32Array(3 * width * height);
  if (planesOfPixels.has(pixels)) return planes;
  const size = width * height;
  for (let i = 0; i < planes.length; i++) planes[i] = colors[3 * (i % size) + Math.floor(i / size)] ?? 0;
  planesOfPixels.set(pixels, planes);
  return planes;
}
