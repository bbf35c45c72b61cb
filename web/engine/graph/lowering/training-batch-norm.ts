// Batch norm in training: each channel is normalized by the statistics of the batch, and the running ones move towards them.

import type { NodeWriter } from '../../onnx/node-writer.ts';
import { productOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader } from './builder.ts';

/** Names of the new running statistics. */
export interface RunningStatistics {
  readonly mean: string;
  readonly variance: string;
}

/** Writes the node as it is in training. torch's running variance gets the unbiased one of the batch, ONNX's that of the
 * batch itself. */
export function writeBatchNormInTraining(
  writer: NodeWriter,
  node: NodeReader,
  isUnbiased: boolean,
): RunningStatistics {
  const [x = '', scale = '', shift = '', runningMean = '', runningVariance = ''] = node.node.inputs;
  const dims = dimsOf(node.value(0));
  const axes = dims.flatMap((_, i) => (i === 1 ? [] : [i]));
  const wide = dims.map((dim, i) => (i === 1 ? dim : 1));
  const mean = writer.mean(x, axes, dims);
  const apart = writer.minus(x, mean);
  const variance = writer.mean(writer.times(apart, apart), axes, dims);
  const deviation = writer.add('Sqrt', [writer.shifted(variance, node.float('epsilon', 1e-5))]);
  const even = writer.times(writer.over(apart, deviation), writer.reshape(scale, wide));
  writer.addNamed(node.output, 'Add', [even, writer.reshape(shift, wide)]);
  const kept = node.float('momentum', 0.9);
  const moved = (running: string, value: string) => {
    const own = writer.reshape(writer.scaled(value, 1 - kept), [dims[1] ?? 1]);
    return writer.plus(writer.scaled(running, kept), own);
  };
  const count = productOf(axes.map(axis => dims[axis] ?? 1));
  const factor = isUnbiased ? count / Math.max(1, count - 1) : 1;
  return {
    mean: moved(runningMean, mean),
    variance: moved(runningVariance, writer.scaled(variance, factor)),
  };
}
