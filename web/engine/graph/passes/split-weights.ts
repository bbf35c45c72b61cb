// Weights of a convolution in two parts, by the input channels that they weigh.

import { bytesOf } from '../../onnx/constant.ts';
import type { Weights } from '../ir/operation.ts';

/** Neighbouring input channels, and whether they belong to the first part. */
export interface ChannelRun {
  readonly channels: number;
  readonly isFirst: boolean;
}

type Pair = readonly [first: Weights, second: Weights];

/** Weights that convolutions share are split in one way only: the copies take no more memory than the weights. */
export class WeightSplitter {
  readonly #known = new Map<Weights, { readonly runs: string; readonly pair: Pair }>();

  /** The parts; null if the weights were split in another way. */
  split(weights: Weights, runs: readonly ChannelRun[]): Pair | null {
    const key = JSON.stringify(runs);
    const known = this.#known.get(weights) ?? { runs: key, pair: splitWeights(weights, runs) };
    this.#known.set(weights, known);
    return known.runs === key ? known.pair : null;
  }
}

function splitWeights(weights: Weights, runs: readonly ChannelRun[]): Pair {
  const isFirst = runs.flatMap(run => Array.from({ length: run.channels }, () => run.isFirst));
  const part = (first: boolean) =>
    ofChannels(
      weights,
      [...isFirst.keys()].filter(c => isFirst[c] === first),
    );
  return [part(true), part(false)];
}

function ofChannels(weights: Weights, channels: readonly number[]): Weights {
  const [outputs, inputs, height, width] = weights.dims;
  const step = height * width * bytesOf(weights.type);
  const bytes = new Uint8Array(outputs * channels.length * step);
  let at = 0;
  for (let output = 0; output < outputs; output++) {
    for (const channel of channels) {
      const from = (output * inputs + channel) * step;
      bytes.set(weights.bytes.subarray(from, from + step), at);
      at += step;
    }
  }
  // Zero points of its own: they tell on the GPU which weights are the same.
  const zero = weights.zero?.slice() ?? null;
  return { ...weights, bytes, zero, dims: [outputs, channels.length, height, width] };
}
