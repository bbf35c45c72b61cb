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
