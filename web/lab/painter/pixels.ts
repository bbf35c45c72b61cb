/** The picture that is learned, as numbers; and the functions that bend synaptic's units. */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, 0 to 1, by rows. */
  readonly colors: Float32Array | Float64Array;
}

export const SQUASHES = ['sigmoid', 'tanh', 'relu', 'step', 'identity'] as const;
export type Squash = (typeof SQUASHES)[number];
