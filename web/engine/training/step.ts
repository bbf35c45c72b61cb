// A training step as a graph: from a batch, a target and the parameters to the loss, the gradients and the new running
// statistics. It is made of a model for inference, without a GPU.

import { differentiate } from '../autograd/gradients.ts';
import { EngineError } from '../error.ts';
import { dimsOf } from '../graph/lowering/builder.ts';
import { lowerNodes } from '../graph/lowering/lower.ts';
import type { Constant } from '../onnx/constant.ts';
import { bindDims, type Sizes } from '../onnx/free-dims.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import { NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { LOSSES, type LossName, outputOfLogits } from './losses.ts';
import { findParameters, withFloatWeights } from './parameters.ts';
import { type Additions, writeInTraining } from './training-mode.ts';

export interface StepOptions {
  readonly loss: LossName;
  /** Sizes of the dimensions that the file leaves open; the first of its input is the batch. */
  readonly dims?: Sizes;
  /** Names of the constants that are learned. Default: all weights and biases. */
  readonly parameters?: readonly string[];
}

export interface TrainingStep {
  /** Its inputs are those of the model, then `target`, the parameters, the statistics and the noise. */
  readonly model: OnnxModel;
  /** The model for inference, with weights of float32. */
  readonly inference: OnnxModel;
  readonly target: string;
  /** The shape of what the loss compares with the target. */
  readonly comparedDims: readonly number[];
  readonly loss: string;
  /** Learned constants, with the values of the file. */
  readonly parameters: readonly Constant[];
  /** Names of the gradients, by parameter. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Running statistics, with the values of the file, and the names of their new values. */
  readonly statistics: readonly { readonly constant: Constant; readonly next: string }[];
  /** Inputs of uniform random numbers in [0, 1). */
  readonly noise: readonly string[];
}

const FLOAT32 = 1;

const asInput = ({ name, dims }: Pick<Constant, 'name' | 'dims'>): OnnxValue => ({
  name,
  type: FLOAT32,
  dims,
});

/** Throws an EngineError if the model cannot be trained, with the reason. */
export async function makeTrainingStep(given: OnnxModel, options: StepOptions): Promise<TrainingStep> {
  const inference = await withFloatWeights(bindDims(given, options.dims ?? {}, false));
  const names = options.parameters ?? findParameters(inference);
  const parameters = names.map(name => constantNamed(inference, name));
  if (parameters.length === 0) throw new EngineError('The model has no weights to train.');
  const { builder } = await lowerNodes(inference);
  const writer = new NodeWriter(namesOf(inference), inference.opset);
  const additions: Additions = { statistics: new Map(), noise: new Map() };
  for (const node of inference.nodes) {
    if (!writeInTraining(writer, builder, node, additions)) writer.nodes.push(node);
  }
  const output = outputOfLogits(inference, options.loss);
  const value = builder.find(output);
  if (!value) throw new EngineError(`The model's output '${output}' is computed by no node.`);
  const dims = dimsOf(value);
  const { targetDims, write } = LOSSES[options.loss];
  const target = writer.freeName('target');
  const loss = writer.addNamed(writer.freeName('loss'), 'Identity', [
    write(writer, { output, dims, target }),
  ]);
  const noise = Array.from(additions.noise, ([name, own]) => asInput({ name, dims: own }));
  const forward: OnnxModel = {
    ...inference,
    nodes: writer.nodes,
    constants: new Map([...inference.constants, ...writer.constants]),
    inputs: [...inference.inputs, asInput({ name: target, dims: targetDims(dims) }), ...noise],
    outputs: [{ name: loss, type: FLOAT32, dims: [] }],
  };
  const { model, gradients } = await differentiate(forward, loss, names);
  const statistics = Array.from(additions.statistics, ([name, next]) => ({
    constant: constantNamed(inference, name),
    next,
  }));
  const state = [...parameters, ...statistics.map(({ constant }) => constant)];
  const isState = new Set(state.map(({ name }) => name));
  return {
    inference,
    target,
    comparedDims: dims,
    loss,
    parameters,
    gradients,
    statistics,
    noise: noise.map(({ name }) => name),
    model: {
      ...model,
      constants: new Map([...model.constants].filter(([name]) => !isState.has(name))),
      inputs: [...model.inputs, ...state.map(asInput)],
      outputs: [
        ...model.outputs,
        ...statistics.map(({ constant, next }) => ({ ...asInput(constant), name: next })),
      ],
    },
  };
}

function constantNamed({ constants }: OnnxModel, name: string): Constant {
  const constant = constants.get(name);
  if (!constant) throw new EngineError(`The model has no constant '${name}' to train.`);
  return constant;
}
