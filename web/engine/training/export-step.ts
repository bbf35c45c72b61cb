// A training step as one ONNX file of standard operators: loss, gradients and update. Any runtime of ONNX trains with it.

import { toStandardOperators } from '../autograd/standard-operators.ts';
import { EngineError } from '../error.ts';
import { type Constant, constantOf } from '../onnx/constant.ts';
import type { OnnxModel, OnnxNode, OnnxValue } from '../onnx/model.ts';
import { NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { writeModel } from '../onnx/write-model.ts';
import { slotName } from './backend.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { makeTrainingStep, type StepOptions, type TrainingStep } from './step.ts';
import { writeUpdate } from './update-nodes.ts';

export interface ExportOptions extends StepOptions {
  readonly optimizer: Optimizer;
  /** How many examples a step learns from. Default: as many as the model takes. */
  readonly batch?: number;
}

/** What the metadata `limner.training` say of the file, as JSON. */
export interface StepDescription {
  readonly loss: string;
  readonly optimizer: string;
  /** Names of the inputs that each step is given. */
  readonly inputs: readonly string[];
  readonly target: string;
  /** Numbers of the step, such as the learning rate: `Optimizer.scalars`. */
  readonly scalars: string;
  /** Inputs of uniform random numbers in [0, 1), for dropout. */
  readonly noise: readonly string[];
  /** Inputs that are the learned weights. Further state are running statistics, and what the optimizer keeps. */
  readonly parameters: readonly string[];
}

const FLOAT32 = 1;

/** A tensor that the step reads and writes. */
interface State {
  readonly initial: Constant;
  /** The name of its value after the step. */
  readonly next: string;
}

/** Writes the training step of a model as a file. Its inputs are those of the model, `target`, `scalars`, the noise, and
 * the state: parameters, running statistics and the optimizer's slots, with their first values as defaults. Its outputs
 * are `loss` and the state after the step. The metadata `limner.state` name, as JSON, the output that each input of the
 * state gets in the next step; `limner.training` is a `StepDescription`. Throws an EngineError if the model cannot be
 * trained, with the reason. */
export async function exportTrainingStep(model: OnnxModel, options: ExportOptions): Promise<Uint8Array> {
  const { optimizer, batch } = options;
  const step = await makeTrainingStep(batch === undefined ? model : withBatch(model, batch), options);
  const standard = toStandardOperators(step.model);
  const writer = new NodeWriter(namesOf(standard), standard.opset);
  const scalars = writer.freeName('scalars');
  const count = optimizer.scalars(1, 0).length;
  const state = writeState(writer, step, optimizer, { scalars, count });
  const isState = new Set(state.map(({ initial }) => initial.name));
  const made = withoutUnused({
    ...standard,
    nodes: [...standard.nodes, ...writer.nodes],
    constants: new Map([
      ...standard.constants,
      ...writer.constants,
      ...state.map(({ initial }) => [initial.name, initial] as const),
    ]),
    inputs: [
      ...standard.inputs.filter(({ name }) => !isState.has(name)),
      { name: scalars, type: FLOAT32, dims: [count] },
      ...state.map(({ initial: { name, dims } }) => ({ name, type: FLOAT32, dims })),
    ],
    outputs: [
      { name: step.loss, type: FLOAT32, dims: [] },
      ...state.map(({ initial, next }) => ({ name: next, type: FLOAT32, dims: initial.dims })),
    ],
  });
  const others = new Set([step.target, scalars, ...step.noise, ...made.constants.keys()]);
  const description: StepDescription = {
    loss: options.loss,
    optimizer: optimizer.name,
    inputs: made.inputs.map(({ name }) => name).filter(name => !others.has(name)),
    target: step.target,
    scalars,
    noise: step.noise,
    parameters: step.parameters.map(({ name }) => name),
  };
  const metadata = new Map([
    ['limner.state', JSON.stringify(Object.fromEntries(state.map(s => [s.initial.name, s.next])))],
    ['limner.training', JSON.stringify(description)],
  ]);
  return writeModel({ ...made, metadata });
}

/** Appends the update of every parameter, and lists all that the step changes. */
function writeState(
  writer: NodeWriter,
  { gradients, parameters, statistics }: TrainingStep,
  optimizer: Optimizer,
  { scalars, count }: { readonly scalars: string; readonly count: number },
): State[] {
  const numbers = Array.from({ length: count }, (_, i) =>
    writer.reshape(writer.add('Gather', [scalars, writer.integers([i])]), []),
  );
  const keep = (initial: Constant, value: string): State => ({
    initial,
    next: writer.addNamed(writer.freeName(`next ${initial.name}`), 'Identity', [value]),
  });
  const updates = parameters.map(constant => {
    const { name, dims } = constant;
    const size = dims.reduce((product, dim) => product * dim, 1);
    const slots = optimizer.slots.map(({ name: slot, initial }) =>
      constantOf(writer.freeName(slotName(name, slot)), dims, new Float32Array(size).fill(initial)),
    );
    const made = writeUpdate(writer, optimizer, {
      weight: name,
      gradient: gradients.get(name) ?? '',
      slots: slots.map(({ name: slot }) => slot),
      scalars: numbers,
    });
    return [keep(constant, made.weight), ...slots.map((slot, i) => keep(slot, made.slots[i] ?? ''))];
  });
  return [...updates.flat(), ...statistics.map(({ constant, next }) => keep(constant, next))];
}

/** The model for `batch` examples at once, also where its file is for one. */
function withBatch(model: OnnxModel, batch: number): OnnxModel {
  const resize = (value: OnnxValue): OnnxValue => {
    const [first, ...rest] = value.dims ?? [];
    if (first === undefined || first === batch || model.constants.has(value.name)) return value;
    if (typeof first === 'number' && first !== 1) {
      throw new EngineError(
        `The model takes ${first} examples at once (its input '${value.name}'), and the batch is ${batch}: give that number.`,
      );
    }
    return { ...value, dims: [batch, ...rest] };
  };
  return { ...model, inputs: model.inputs.map(resize) };
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
