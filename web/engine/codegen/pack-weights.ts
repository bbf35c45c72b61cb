// Weights, packed for the kernels: blocks of 4 input x 4 output channels, ordered [output block][kernel row][kernel
// column][input block][input channel][output channel], in the type that the file has: weights of eight bits stay
// eight bits on the GPU. Only sums of weights (`subpixel.ts`) are wider.

import type { Weights } from '../graph/ir/operation.ts';
import { sumTaps } from '../graph/ir/subpixel.ts';
import { LANES } from '../graph/ir/tensor.ts';
import { bytesOf, floatToHalf, numbers } from '../onnx/constant.ts';
import type { ConstantData } from './constant-data.ts';

export type Element = Weights['type'];
type WeightArray = Float32Array | Uint16Array | Uint8Array;

export interface Channels {
  readonly inputs: number;
  readonly outputs: number;
}

export function channelsOf({ dims, transposed }: Weights, group: number): Channels {
  return transposed
    ? { inputs: dims[0], outputs: dims[1] * group }
    : { inputs: dims[1] * group, outputs: dims[0] };
}

/** The key by which convolutions share packed weights. Convolutions that share an initializer have different weight
 * objects with the same bytes (and the same zero points, which identify the bytes too). */
export function shareKey(weights: Weights, group: number) {
  const { type, dims, transposed, sumOf } = weights;
  const { zero, bytes } = sumOf ?? weights;
  return { owner: zero ?? bytes, layout: `${type} ${dims.join(' ')} ${transposed} ${group}` };
}

export function packWeights(weights: Weights, label: string): ConstantData {
  const channels = channelsOf(weights, 1);
  const [, , kh, kw] = weights.dims;
  const taps = kh * kw;
  const count = Math.ceil(channels.inputs / LANES) * Math.ceil(channels.outputs / LANES) * taps;
  const fill = (target: ArrayBuffer) => {
    const to = numbers({ bytes: new Uint8Array(target), type: weights.type });
    packBlocks(storedNumbers(weights), to, channels, taps, weights.transposed);
    if (weights.zero) fillEmptyInputs(to, weights.zero, channels, taps);
  };
  const bytes = count * LANES * LANES * bytesOf(weights.type);
  return { label, ...shareKey(weights, 1), bytes, fill };
}

/** The same blocks of 8-bit weights as halves, without their zero points: exact, and read with fewer instructions. */
export function packHalves(weights: Weights, label: string): ConstantData {
  const packed = packWeights(weights, label);
  const fill = (target: ArrayBuffer) => {
    const bytes = new ArrayBuffer(packed.bytes);
    packed.fill(bytes);
    const stored = new Uint8Array(bytes);
    const halves = new Uint16Array(target);
    const [, , kh, kw] = weights.dims;
    // Of one block of outputs.
    const step = kh * kw * Math.ceil(channelsOf(weights, 1).inputs / LANES) * LANES * LANES;
    for (let i = 0; i < stored.length; i++) {
      const zero = weights.zero?.[Math.floor(i / step) * LANES + (i % LANES)] ?? 0;
      halves[i] = floatToHalf((stored[i] ?? 0) - zero);
    }
  };
  return { ...packed, layout: `${packed.layout} halves`, bytes: 2 * packed.bytes, fill };
}

function storedNumbers(weights: Weights): WeightArray {
  if (!weights.sumOf) return numbers(weights);
  const sums = sumTaps(weights.sumOf);
  return weights.type === 'float16' ? Uint16Array.from(sums, floatToHalf) : sums;
}

/** Packs block by block, so that reads and writes stay close together: a look has up to 54 million weights, and the
 * page waits. */
function packBlocks(
  from: WeightArray,
  to: WeightArray,
  { inputs, outputs }: Channels,
  taps: number,
  transposed: boolean,
): void {
  const step = Math.ceil(inputs / LANES) * LANES * LANES;
  for (let firstOutput = 0; firstOutput < outputs; firstOutput += LANES) {
    const row = (firstOutput / LANES) * taps * step;
    for (let input = 0; input < inputs; input++) {
      const column = row + input * LANES;
      const last = Math.min(firstOutput + LANES, outputs);
      for (let output = firstOutput; output < last; output++) {
        let source = (transposed ? input * outputs + output : output * inputs + input) * taps;
        let target = column + output - firstOutput;
        for (let tap = 0; tap < taps; tap++) {
          to[target] = from[source] as number;
          source += 1;
          target += step;
        }
      }
    }
  }
}

/** Input lanes without a channel must weigh nothing. For quantized weights, that is the zero point. */
function fillEmptyInputs(
  to: WeightArray,
  zero: Float32Array,
  { inputs, outputs }: Channels,
  taps: number,
): void {
  const blocksIn = Math.ceil(inputs / LANES);
  for (let o = 0; o < outputs; o++) {
    for (let i = inputs; i < blocksIn * LANES; i++) {
      for (let tap = 0; tap < taps; tap++) {
        const block = ((o >> 2) * taps + tap) * blocksIn + (i >> 2);
        to[block * LANES * LANES + (i & 3) * LANES + (o & 3)] = zero[o] ?? 0;
      }
    }
  }
}
