// Learned weights for painting. A convolution of a doubled picture has sums of its weights (`ir/subpixel.ts`), which are
// added up as they are packed: of each sum, the positions of its terms are known.

import { floats } from '../../onnx/constant.ts';
import type { Weights } from '../ir/operation.ts';
import { SUBPIXEL_AXIS, sumWeights } from '../ir/subpixel.ts';
import { LearnedWeights } from './learned-weights.ts';

/** Terms of a sum, at most. */
export const TERMS = 4;

/** The taps of the 3x3 kernel in each row (or column) of the 4x4 one: those that read the same pixel before doubling. */
const TAPS = SUBPIXEL_AXIS.phases.flatMap(({ count, start }, phase) =>
  Array.from({ length: count }, (_, i) => [0, 1, 2].filter(k => (phase - 1 + k) >> 1 === start + i)),
);

export class SummedWeights extends LearnedWeights {
  /** Of arrays that number sums from 1 on: the positions of the terms of each, four by four; 0 for none. */
  readonly terms = new Map<Uint8Array, Float32Array>();

  override sum(weights: Weights): Weights {
    const { dims } = sumWeights(weights);
    const positions = floats(weights);
    const terms: number[] = [];
    for (let kernel = 0; kernel < positions.length; kernel += 9) {
      for (const rows of TAPS) {
        for (const columns of TAPS) {
          const taps = rows.flatMap(row => columns.map(column => kernel + 3 * row + column));
          for (let i = 0; i < TERMS; i++) terms.push(positions[taps[i] ?? -1] ?? 0);
        }
      }
    }
    const numbers = Float32Array.from({ length: terms.length / TERMS }, (_, i) => i + 1);
    const bytes = new Uint8Array(numbers.buffer);
    this.parameters.set(bytes, this.parameters.get(weights.bytes) ?? '');
    this.terms.set(bytes, Float32Array.from(terms));
    return { ...weights, bytes, dims };
  }
}
