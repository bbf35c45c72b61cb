// A training step as a graph: from a batch, a target and the parameters to the loss, the gradients and the new running
// statistics. It is made of a model for inference, without a GPU.

import { differentiate } from '../autograd/gradients.ts';
import { EngineError } from '../error.ts';
import { dimsOf } from '../graph/lowering/builder.ts';
import { lowerNodes } from '../graph/lowering/lower.ts';
import type { Constant } from '../onnx/constant.ts';
import { bindDims, type Sizes } from '../onnx/free-dims.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { floatValue, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import type { Adversary } from './adversary.ts';
import type { ClipOptions } from './clipping.ts';
import { LOSSES, type LossName, outputOfLogits } from './losses.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { findParameters, withFloatWeights } from './parameters.ts';
import type { PixelBatches } from './pixel-batches.ts';
import type { Additions, RandomInputs } from './training-mode.ts';

export interface StepOptions {
  readonly loss: LossName;
  /** Sizes of the dimensions that the file leaves open; the first of its input is the batch. */
  readonly dims?: Sizes;
  /** Names of the constants that are learned. Default: all weights and biases. */
  readonly parameters?: readonly string[];
  readonly clip?: ClipOptions;
  /** Needed for optimizers that look at whole tensors (`Optimizer.direction`), which have nodes in the step. */
  readonly optimizer?: Optimizer;
  /** A second network that learns to tell outputs from targets, of which the model learns too. */
  readonly adversary?: Adversary | undefined;
  /** The step draws its own pixels: the target is the whole picture. */
  readonly pixels?: PixelBatches | undefined;
}

export interface TrainingStep {
  /** Its inputs are those of the model, `target`, those of `random`, the parameters, the statistics, and the optimizer's
   * slots that `directions` depend on. */
  readonly model: OnnxModel;
  /** The model for inference, with weights of float32. */
  readonly inference: OnnxModel;
  readonly target: string;
  /** The shape of what the loss compares with the target. */
  readonly comparedDims: readonly number[];
  readonly loss: string;
  /** Learned constants, with the values of the file. Those of an adversary are none of `inference`. */
  readonly parameters: readonly Constant[];
  /** Names of the gradients, by parameter. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Running statistics, with the values of the file, and the names of their new values. */
  readonly statistics: readonly { readonly constant: Constant; readonly next: string }[];
  /** Live inputs that random numbers are drawn of; null if there are none. */
  readonly random: RandomInputs | null;
  /** The output, one number, that the update multiplies every gradient by, if they are clipped by norm. */
  readonly gradientScale?: string | undefined;
  /** The update brings each element of a gradient to [-clipValue, clipValue]. */
  readonly clipValue?: number | undefined;
  /** Outputs that the optimizer's formula reads, by parameter. */
  readonly directions: ReadonlyMap<string, string>;
}

/** Layers that may do something else in training (`training-mode.ts`). */
const CHANGED_IN_TRAINING = ['BatchNormalization', 'Dropout'];

/** Throws an EngineError if the model cannot be trained, with the reason. */
export async function makeTrainingStep(given: OnnxModel, options: StepOptions): Promise<TrainingStep> {
  const inference = await withFloatWeights(bindDims(given, options.dims ?? {}, false));
  const names = options.parameters ?? findParameters(inference);
  const parameters = names.map(name => constantNamed(inference, name));
  if (parameters.length === 0) throw new EngineError('The model has no weights to train.');
  const { builder } = await lowerNodes(inference);
  const writer = new NodeWriter(namesOf(inference), inference.opset);
  const random = { seed: writer.freeName('seed'), step: writer.freeName('step') };
  const additions: Additions = { statistics: new Map(), random, streams: 0 };
  const { targetDims, write } = options.pixels
    ? (await import('./pixel-batches.ts')).drawPixels(writer, inference, options.pixels, options, additions)
    : LOSSES[options.loss];
  for (const node of inference.nodes) {
    const isWritten =
      CHANGED_IN_TRAINING.includes(node.op) &&
      (await import('./training-mode.ts')).writeInTraining(writer, builder, node, additions);
    if (!isWritten) writer.nodes.push(node);
  }
  const output = outputOfLogits(inference, options.loss);
  const value = builder.find(output);
  if (!value) throw new EngineError(`The model's output '${output}' is computed by no node.`);
  const dims = dimsOf(value);
  const target = writer.freeName('target');
  const compared = { output, dims, target, by: options.loss };
  const loss = writer.addNamed(writer.freeName('loss'), 'Identity', [write(writer, compared)]);
  const judgement =
    options.adversary &&
    (await (await import('./adversary.ts')).writeJudgement(writer, loss, compared, options.adversary));
  const drawn = additions.streams > 0 ? [random.seed, random.step] : [];
  const forward: OnnxModel = {
    ...inference,
    nodes: writer.nodes,
    constants: new Map([...inference.constants, ...writer.constants, ...(judgement?.constants ?? [])]),
    inputs: [
      ...inference.inputs.filter(({ name }) => name !== options.pixels?.coordinates),
      floatValue(target, targetDims(dims)),
      ...drawn.map(name => floatValue(name, [])),
    ],
    outputs: [floatValue(loss, [])],
  };
  const { model, gradients } = await (judgement?.differentiate ?? differentiate)(forward, loss, names);
  parameters.push(...(judgement?.parameters ?? []));
  const statistics = Array.from(additions.statistics, ([name, next]) => ({
    constant: constantNamed(inference, name),
    next,
  }));
  const state = [...parameters, ...statistics.map(({ constant }) => constant)];
  const isState = new Set(state.map(({ name }) => name));
  const step: TrainingStep = {
    inference,
    target,
    comparedDims: dims,
    loss,
    parameters,
    gradients,
    statistics,
    random: additions.streams > 0 ? random : null,
    clipValue: options.clip?.value,
    directions: new Map(),
    model: {
      ...model,
      constants: new Map([...model.constants].filter(([name]) => !isState.has(name))),
      inputs: [...model.inputs, ...state.map(({ name, dims: own }) => floatValue(name, own))],
      outputs: [...model.outputs, ...statistics.map(({ constant, next }) => floatValue(next, constant.dims))],
    },
  };
  const { clip, optimizer } = options;
  if (clip?.norm === undefined && !optimizer?.direction && !optimizer?.of) return step;
  const { writeUpdateInputs } = await import('./update-inputs.ts');
  return { ...step, ...writeUpdateInputs(step.model, parameters, gradients, clip, optimizer) };
}

function constantNamed({ constants }: OnnxModel, name: string): Constant {
  const constant = constants.get(name);
  if (!constant) throw new EngineError(`The model has no constant '${name}' to train.`);
  return constant;
}
