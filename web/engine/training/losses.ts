// Losses: what is compared with a target, as nodes that end in one number, the mean over the batch. They are torch's, with
// reduction='mean'.

import { EngineError } from '../error.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { DOMAIN, ints, type NodeWriter } from '../onnx/node-writer.ts';

/** What a loss compares. */
export interface Compared {
  /** The model's output, and its shape. */
  readonly output: string;
  readonly dims: readonly number[];
  readonly target: string;
}

export interface Loss {
  /** The shape of the target, for an output of that shape. */
  readonly targetDims: (dims: readonly number[]) => readonly number[];
  readonly write: (writer: NodeWriter, compared: Compared) => string;
}

const allAxes = (dims: readonly number[]): number[] => dims.map((_, i) => i);

/** The mean over all elements, as a number. */
const meanOf = (writer: NodeWriter, x: string, dims: readonly number[]): string =>
  writer.reshape(writer.mean(x, allAxes(dims), dims), []);

const elementwise = (formula: (writer: NodeWriter, output: string, target: string) => string): Loss => ({
  targetDims: dims => dims,
  write: (writer, { output, dims, target }) => meanOf(writer, formula(writer, output, target), dims),
});

/** Softmax cross-entropy of logits (N, C), or (N, C, ...) for pictures, and numbers of classes (N, ...). */
const crossEntropy: Loss = {
  targetDims: ([n = 1, , ...rest]) => [n, ...rest],
  write: (writer, { output, dims, target }) =>
    writer.add('CrossEntropy', [output, target], { input_shape: ints(dims) }, DOMAIN),
};

export const LOSSES = {
  crossEntropy,
  /** Mean squared error. */
  mse: elementwise((writer, output, target) => {
    const apart = writer.minus(output, target);
    return writer.times(apart, apart);
  }),
  /** Mean absolute error. */
  l1: elementwise((writer, output, target) => writer.add('Abs', [writer.minus(output, target)])),
  /** Binary cross-entropy of logits. */
  bceWithLogits: elementwise((writer, output, target) =>
    writer.minus(writer.add('Softplus', [output]), writer.times(output, target)),
  ),
} as const satisfies Readonly<Record<string, Loss>>;

export type LossName = keyof typeof LOSSES;

/** What a loss of logits compares: a Softmax at the end of the model is left out. */
export function outputOfLogits(model: OnnxModel, loss: LossName): string {
  const name = model.outputs[0]?.name;
  if (name === undefined) throw new EngineError('The model has no output to train.');
  const last = model.nodes.find(({ outputs }) => outputs.includes(name));
  const ends = { crossEntropy: 'Softmax', bceWithLogits: 'Sigmoid' } as Partial<Record<LossName, string>>;
  return last && last.op === ends[loss] ? (last.inputs[0] ?? name) : name;
}
