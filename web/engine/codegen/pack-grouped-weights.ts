// Weights of grouped convolutions, packed for their kernels.

import type { Weights } from '../graph/ir/operation.ts';
import { sumTaps } from '../graph/ir/subpixel.ts';
import { floats } from '../onnx/constant.ts';
import type { ConstantData } from './constant-data.ts';
import { channelsOf, shareKey } from './pack-weights.ts';

/** Packs the weights as float32, ordered [output channel][row][column][input channel of the group]. */
export function packGrouped(weights: Weights, group: number, label: string): ConstantData {
  const { inputs, outputs } = channelsOf(weights, group);
  const [, , kh, kw] = weights.dims;
  const taps = kh * kw;
  const [perIn, perOut] = [inputs / group, outputs / group];
  const fill = (target: ArrayBuffer) => {
    const from = weights.sumOf ? sumTaps(weights.sumOf) : floats(weights);
    const to = new Float32Array(target);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < perIn; i++) {
        const pair = weights.transposed
          ? (Math.floor(o / perOut) * perIn + i) * perOut + (o % perOut)
          : o * perIn + i;
        for (let tap = 0; tap < taps; tap++) {
          to[(o * taps + tap) * perIn + i] = (from[pair * taps + tap] ?? 0) - (weights.zero?.[o] ?? 0);
        }
      }
    }
  };
  return { label, ...shareKey(weights, group), bytes: outputs * taps * perIn * 4, fill };
}
