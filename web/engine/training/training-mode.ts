// The layers that do something else in training than in inference: batch norm takes the statistics of the batch and
// updates the running ones, and dropout drops values.

import { dimsOf, type GraphBuilder, NodeReader } from '../graph/lowering/builder.ts';
import { writeBatchNormInTraining } from '../graph/lowering/training-batch-norm.ts';
import type { OnnxNode } from '../onnx/model.ts';
import { DOMAIN, int, ints, type NodeWriter } from '../onnx/node-writer.ts';

/** What a layer adds to the step besides its nodes. */
export interface Additions {
  /** Running statistics: their new values, by name. */
  readonly statistics: Map<string, string>;
  /** The inputs that random numbers are drawn of. */
  readonly random: RandomInputs;
  /** How many nodes draw them. */
  streams: number;
}

/** Live inputs: whole numbers from 0 to 2^24 - 1. */
export interface RandomInputs {
  readonly seed: string;
  /** The number of the step. */
  readonly step: string;
}

/** Writes the node as it is in training. False if that is as in inference. */
export function writeInTraining(
  writer: NodeWriter,
  builder: GraphBuilder,
  node: OnnxNode,
  additions: Additions,
): boolean {
  const reader = new NodeReader(builder, node);
  if (node.op === 'BatchNormalization') writeBatchNorm(writer, reader, additions);
  else if (node.op === 'Dropout') return writeDropout(writer, reader, additions);
  else return false;
  return true;
}

function writeBatchNorm(writer: NodeWriter, reader: NodeReader, { statistics }: Additions): void {
  const { mean, variance } = writeBatchNormInTraining(writer, reader, true);
  const [, , , runningMean = '', runningVariance = ''] = reader.node.inputs;
  statistics.set(runningMean, mean).set(runningVariance, variance);
}

/** Before opset 12 the ratio is an attribute. */
function writeDropout(writer: NodeWriter, reader: NodeReader, additions: Additions): boolean {
  const ratio = reader.has(1) ? (reader.floats(1)[0] ?? 0.5) : reader.float('ratio', 0.5);
  if (ratio === 0) return false;
  const [x = ''] = reader.node.inputs;
  const { seed, step } = additions.random;
  const attributes = { stream: int(additions.streams), shape: ints(dimsOf(reader.value(0))) };
  additions.streams += 1;
  const uniform = writer.addNamed(
    writer.freeName(`${reader.output} uniform`),
    'UniformNoise',
    [seed, step],
    attributes,
    DOMAIN,
  );
  const isDropped = writer.add('Less', [uniform, writer.number(ratio)]);
  const kept = writer.scaled(x, 1 / (1 - ratio));
  writer.addNamed(reader.output, 'Where', [isDropped, writer.number(0), kept]);
  return true;
}
