// A whole training step as one graph: loss, gradients, and the optimizer's update of every parameter in nodes. What it
// returns is the state of the next step, so any ONNX runtime can train by it.

import { assertNever } from '../error.ts';
import type { Binary, Expression, Unary } from '../graph/ir/expression.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { FLOAT32, floatValue, int, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';
import { makeUpdate } from './update.ts';

export interface StepWithUpdate {
  /** The step's model. Its further inputs are the scalars and the optimizer's slots, its further outputs the new values
   * of the parameters and the slots. */
  readonly model: OnnxModel;
  /** Names of the inputs of `optimizer.scalars`, in their order. */
  readonly scalars: readonly string[];
  /** Names of the outputs that have the new values of parameters, slots and running statistics. */
  readonly next: ReadonlyMap<string, string>;
}

const BOOL = 9;

const UNARY: Readonly<Record<Unary, string>> = {
  abs: 'Abs',
  ceil: 'Ceil',
  cos: 'Cos',
  erf: 'Erf',
  exp: 'Exp',
  floor: 'Floor',
  log: 'Log',
  neg: 'Neg',
  reciprocal: 'Reciprocal',
  relu: 'Relu',
  round: 'Round',
  sigmoid: 'Sigmoid',
  sign: 'Sign',
  sin: 'Sin',
  softplus: 'Softplus',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
};
const BINARY: Readonly<Record<Binary, string>> = {
  add: 'Add',
  div: 'Div',
  less: 'Less',
  max: 'Max',
  min: 'Min',
  mod: 'Mod',
  mul: 'Mul',
  pow: 'Pow',
  sub: 'Sub',
};

/** The expression as nodes over those inputs and scalars. Returns the name of the result. */
function writeExpression(
  writer: NodeWriter,
  tree: Expression,
  inputs: readonly string[],
  scalars: readonly string[],
): string {
  const names = new Map<Expression, string>();
  const code = (node: Expression): string => {
    switch (node.kind) {
      case 'input':
        return inputs[node.index] ?? '';
      case 'live':
        return scalars[node.index] ?? '';
      case 'constant':
        return writer.number(node.value);
      case 'unary':
        return writer.add(UNARY[node.name], [walk(node.of)]);
      case 'binary': {
        const attributes = node.name === 'mod' ? { fmod: int(1) } : {};
        const made = writer.add(BINARY[node.name], [walk(node.left), walk(node.right)], attributes);
        return node.name === 'less' ? writer.add('Cast', [made], { to: int(FLOAT32) }) : made;
      }
      case 'select': {
        const test = writer.add('Cast', [walk(node.test)], { to: int(BOOL) });
        return writer.where(test, walk(node.yes), walk(node.no));
      }
      case 'value':
      case 'perChannel':
      case 'laneMatrix':
        throw new Error(`An optimizer has no '${node.kind}'.`);
      default:
        return assertNever(node);
    }
  };
  const walk = (node: Expression): string => {
    const made = names.get(node) ?? code(node);
    names.set(node, made);
    return made;
  };
  return walk(tree);
}

export function writeStepWithUpdate(step: TrainingStep, optimizer: Optimizer): StepWithUpdate {
  const { model } = step;
  const writer = new NodeWriter(namesOf(model), model.opset);
  const scalars = optimizer.scalars(1, 0).map((_, i) => writer.freeName(`scalar ${i}`));
  const next = new Map(step.statistics.map(one => [one.constant.name, one.next]));
  const inputs = [...model.inputs, ...scalars.map(name => floatValue(name, []))];
  const outputs = [...model.outputs];
  for (const parameter of step.parameters) {
    const update = makeUpdate(step, optimizer, parameter);
    for (const slot of update.slots.keys()) {
      if (inputs.every(({ name }) => name !== slot)) inputs.push(floatValue(slot, parameter.dims));
    }
    for (const { target, value: expression } of update.results) {
      const made = writeExpression(writer, expression, update.inputs, scalars);
      const name = writer.addNamed(writer.freeName(`next ${target}`), 'Identity', [made]);
      next.set(target, name);
      outputs.push(floatValue(name, parameter.dims));
    }
  }
  const constants = new Map([...model.constants, ...writer.constants]);
  const nodes = [...model.nodes, ...writer.nodes];
  return { model: { ...model, nodes, constants, inputs, outputs }, scalars, next };
}
