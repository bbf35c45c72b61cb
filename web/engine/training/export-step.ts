// A training step as one ONNX file of standard operators: loss, gradients and update. Any runtime of ONNX trains with it.

import { toStandardOperators } from '../autograd/standard-operators.ts';
import { EngineError } from '../error.ts';
import { constantOf } from '../onnx/constant.ts';
import type { OnnxModel, OnnxNode } from '../onnx/model.ts';
import { floatValue, int, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { writeModel } from '../onnx/write-model.ts';
import { withBatchSize } from './batch.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { initialState } from './program.ts';
import { makeTrainingStep, type StepOptions } from './step.ts';
import { writeStepWithUpdate } from './step-with-update.ts';

export interface ExportOptions extends StepOptions {
  readonly optimizer: Optimizer;
  /** How many examples a step learns from. Default: as many as the model takes. */
  readonly batch?: number;
}

/** What the metadata `limner.training` say of the file, as JSON. */
export interface StepDescription {
  readonly loss: string;
  readonly optimizer: string;
  /** Names of the inputs that each step is given. Drawn pixels are none: their places follow from the noise. */
  readonly inputs: readonly string[];
  readonly target: string;
  /** Numbers of the step, such as the learning rate: `Optimizer.scalars`. */
  readonly scalars: string;
  /** Inputs of uniform random numbers in [0, 1), for dropout and for drawn pixels. */
  readonly noise: readonly string[];
  /** Inputs that are the learned weights. Further state are running statistics, and what the optimizer keeps. */
  readonly parameters: readonly string[];
}

/** ONNX has GridSample since. */
const SAMPLING_OPSET = 16;

/** Writes the training step of a model as a file. Its inputs are those of the model, `target`, `scalars`, the noise, and
 * the state: parameters, running statistics and the optimizer's slots, with their first values as defaults. Its outputs
 * are `loss` and the state after the step. The metadata `limner.state` name, as JSON, the output that each input of the
 * state gets in the next step; `limner.training` is a `StepDescription`. Throws an EngineError if the model cannot be
 * trained, with the reason. */
export async function exportTrainingStep(model: OnnxModel, options: ExportOptions): Promise<Uint8Array> {
  const { optimizer, batch, pixels } = options;
  if (pixels && model.opset < SAMPLING_OPSET) {
    throw new EngineError(
      `Drawn pixels need GridSample of opset ${SAMPLING_OPSET}, and the model is of opset ${model.opset}: convert it to a later one.`,
    );
  }
  const step = await makeTrainingStep(batch === undefined ? model : withBatchSize(model, batch), options);
  const whole = writeStepWithUpdate(step, optimizer);
  const before = new Set(whole.model.inputs.map(({ name }) => name));
  const standard = toStandardOperators(whole.model);
  const noise = standard.inputs.map(({ name }) => name).filter(name => !before.has(name));
  const { writer, scalars } = writeScalars(standard, whole.scalars);
  const isScalar = new Set(whole.scalars);
  const inputs = new Map(whole.model.inputs.map(({ name, dims }) => [name, dims?.map(Number) ?? []]));
  const dimsOf = (name: string): readonly number[] => inputs.get(name) ?? [];
  const state = new Map(
    Array.from(initialState(step, optimizer), ([name, values]) => [
      name,
      constantOf(name, dimsOf(name), values),
    ]),
  );
  const made = withoutUnused({
    ...standard,
    nodes: [...writer.nodes, ...standard.nodes],
    constants: new Map([...standard.constants, ...writer.constants, ...state]),
    inputs: [
      ...standard.inputs.filter(({ name }) => !state.has(name) && !isScalar.has(name)),
      floatValue(scalars, [whole.scalars.length]),
      ...Array.from(state.keys(), name => floatValue(name, dimsOf(name))),
    ],
    outputs: [
      floatValue(step.loss, []),
      ...Array.from(whole.next, ([name, next]) => floatValue(next, dimsOf(name))),
    ],
  });
  const others = new Set([step.target, scalars, ...noise, ...made.constants.keys()]);
  const description: StepDescription = {
    loss: options.loss,
    optimizer: optimizer.name,
    inputs: made.inputs.map(({ name }) => name).filter(name => !others.has(name)),
    target: step.target,
    scalars,
    noise,
    parameters: step.parameters.map(({ name }) => name),
  };
  const metadata = new Map([
    ['limner.state', JSON.stringify(Object.fromEntries(whole.next))],
    ['limner.training', JSON.stringify(description)],
  ]);
  return writeModel({ ...made, metadata });
}

/** Nodes that take the scalars out of one input. */
function writeScalars(
  model: OnnxModel,
  names: readonly string[],
): { readonly writer: NodeWriter; readonly scalars: string } {
  const writer = new NodeWriter(namesOf(model), model.opset);
  const scalars = writer.freeName('scalars');
  for (const [i, name] of names.entries()) {
    const index = writer.freeName('index');
    const bytes = new Uint8Array(BigInt64Array.of(BigInt(i)).buffer);
    writer.constants.set(index, { name: index, type: 'int64', dims: [], bytes });
    writer.addNamed(name, 'Gather', [scalars, index], { axis: int(0) });
  }
  return { writer, scalars };
}

/** Without the nodes and constants that no output depends on, such as what a look computes for people alone. */
function withoutUnused(model: OnnxModel): OnnxModel {
  const used = new Set(model.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  for (const node of [...model.nodes].reverse()) {
    if (!node.outputs.some(name => used.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) used.add(name);
  }
  const isKept = (name: string) => used.has(name);
  return {
    ...model,
    nodes: nodes.reverse(),
    constants: new Map([...model.constants].filter(([name]) => isKept(name))),
    inputs: model.inputs.filter(({ name }) => isKept(name)),
  };
}
