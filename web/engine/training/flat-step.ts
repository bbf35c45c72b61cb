// A training step whose state is flat: each tensor of it is an input of shape (1, elements, 1, 1), and so is what changes
// it. In that shape, the GPU has the elements one after the other, so that a plan can put all of them into one buffer.

import { EngineError } from '../error.ts';
import { productOf } from '../graph/ir/strides.ts';
import type { SlotInput, StateTensor } from '../graph/passes/training-plan.ts';
import type { Constant } from '../onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import { floatValue, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';
import { makeUpdate } from './update.ts';

/** Bytes that lowering may take for each number of the state, besides what it may for the file. */
const BYTES_PER_NUMBER = 8;

export interface FlatStep {
  readonly model: OnnxModel;
  readonly state: readonly StateTensor[];
}

interface Changing {
  readonly constant: Constant;
  readonly change: string;
  readonly isReplaced: boolean;
  /** What the graph reads of what the optimizer keeps, by the number of the slot; and what the update reads of the graph. */
  readonly slots: readonly SlotInput[];
  readonly direction: string | undefined;
}

function changingTensors(step: TrainingStep, optimizer: Optimizer): Changing[] {
  const { model, parameters, gradients, directions, statistics } = step;
  const read = new Set(model.inputs.map(({ name }) => name));
  return [
    ...parameters.map((constant): Changing => {
      const change = gradients.get(constant.name);
      if (change === undefined) throw new EngineError(`The parameter '${constant.name}' has no gradient.`);
      const kept = Array.from(makeUpdate(step, optimizer, constant).slots.keys(), (input, index) => ({
        input,
        index,
      }));
      const slots = kept.filter(({ input }) => read.has(input));
      const direction = directions.get(constant.name);
      return { constant, change, isReplaced: false, slots, direction };
    }),
    ...statistics.map(({ constant, next }) => {
      return { constant, change: next, isReplaced: true, slots: [], direction: undefined };
    }),
  ];
}

export function flattenState(step: TrainingStep, optimizer: Optimizer): FlatStep {
  const { model, loss, gradientScale } = step;
  const writer = new NodeWriter(namesOf(model), model.opset);
  const changing = changingTensors(step, optimizer);
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const taken = new Set<string>();
  const flat = ({ dims }: Constant): readonly number[] => [1, productOf(dims), 1, 1];
  const addInput = (name: string, constant: Constant): string => {
    const input = writer.freeName(`${name} flat`);
    writer.addNamed(name, 'Reshape', [input, writer.integers(constant.dims)]);
    inputs.push(floatValue(input, flat(constant)));
    taken.add(name);
    return input;
  };
  const addOutput = (name: string, constant: Constant): string => {
    const output = writer.freeName(`${name} flat`);
    writer.addNamed(output, 'Reshape', [name, writer.integers(flat(constant))]);
    outputs.push(floatValue(output, flat(constant)));
    return output;
  };
  const named = changing.map(({ constant, slots }) => ({
    input: addInput(constant.name, constant),
    slots: slots.map(({ input, index }) => ({ input: addInput(input, constant), index })),
  }));
  const before = writer.nodes.splice(0);
  const state = changing.map(({ constant, change, isReplaced, direction }, i): StateTensor => {
    const { input, slots } = named[i] ?? { input: '', slots: [] };
    const output = addOutput(change, constant);
    const further = direction === undefined ? undefined : addOutput(direction, constant);
    return { name: constant.name, input, output, isReplaced, slots, direction: further };
  });
  const numbers = changing.reduce((sum, { constant }) => sum + productOf(constant.dims), 0);
  const isKept = ({ name }: OnnxValue) => name === loss || name === gradientScale;
  return {
    state,
    model: {
      ...model,
      size: model.size + BYTES_PER_NUMBER * numbers,
      nodes: [...before, ...model.nodes, ...writer.nodes],
      constants: new Map([...model.constants, ...writer.constants]),
      inputs: [...model.inputs.filter(({ name }) => !taken.has(name)), ...inputs],
      outputs: [...model.outputs.filter(isKept), ...outputs],
    },
  };
}
