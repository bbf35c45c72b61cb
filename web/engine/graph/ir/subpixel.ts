// A 3x3 convolution of a picture that was doubled by repeating its pixels, computed on the picture itself. Two of
// three taps often read the same pixel, so an output has four different products and not nine. Each of the four
// outputs of a pixel has its own 2x2 kernel of sums of taps; together they are a 4x4 one, with stride 2 as in a
// transposed convolution (the sub-pixel form of Shi et al. 2016). It is exact, also at the border.

import { floats } from '../../onnx/constant.ts';
import type { BandedMatrix, ConvAxis, Operation, Weights } from './operation.ts';
import type { Tensor } from './tensor.ts';

/** The tensor of which each pixel becomes two by two; null if the operation makes anything else. */
export function doubledBy(operation: Operation | undefined): Tensor | null {
  const source = operation?.inputs[0];
  if (!source || operation.kind !== 'resample') return null;
  const [, , height, width] = source.shape;
  return isDoubling(operation.left, height) && isDoubling(operation.right, width) ? source : null;
}

const isDoubling = (band: BandedMatrix | null, size: number): boolean =>
  band?.rows === 2 * size &&
  band.width === 1 &&
  band.starts.every((start, row) => start === row >> 1 && band.weights[row] === 1);

/** Even outputs read the pixel before and their own, odd ones their own and the next. */
export const SUBPIXEL_AXIS: ConvAxis = {
  outputStride: 2,
  inputStride: 1,
  inputStep: 1,
  kernelStep: 1,
  phases: [
    { first: 0, count: 2, start: -1 },
    { first: 2, count: 2, start: 0 },
  ],
};
/** The taps of the 3x3 kernel in each row (or column) of the 4x4 one. */
const TAPS = [[0], [1, 2], [0, 1], [2]] as const;

/** The weights of the 4x4 kernel. Sums of four eight-bit weights need eleven bits with their sign, which half floats
 * hold exactly. They have no zero point, so kernels read them faster than the eight bits. Other sums are float32. */
export const sumWeights = (weights: Weights): Weights => ({
  ...weights,
  type: weights.type === 'uint8' ? 'float16' : 'float32',
  dims: [weights.dims[0], weights.dims[1], 4, 4],
  zero: null,
  sumOf: weights,
});

/** The numbers of `sumWeights(weights)`, not yet rounded to its type. */
export function sumTaps(weights: Weights): Float32Array {
  const [outputs, inputs] = weights.dims;
  const from = floats(weights);
  const sums = new Float32Array(outputs * inputs * 16);
  let at = 0;
  for (let pair = 0; pair < outputs * inputs; pair++) {
    const zero = weights.zero?.[Math.floor(pair / inputs)] ?? 0;
    for (const rows of TAPS) {
      for (const columns of TAPS) {
        let sum = 0;
        for (const row of rows)
          for (const column of columns) sum += (from[pair * 9 + row * 3 + column] ?? 0) - zero;
        sums[at++] = sum;
      }
    }
  }
  return sums;
}
