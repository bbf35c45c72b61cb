// An optimizer's formula as ONNX nodes, so that a file updates the weights as the engine does.

import { EngineError } from '../error.ts';
import type { Binary, Expression, Unary } from '../graph/ir/expression.ts';
import type { NodeWriter } from '../onnx/node-writer.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

/** Names of the tensors that a formula reads, all of one shape. */
export interface Updated {
  readonly weight: string;
  readonly gradient: string;
  readonly slots: readonly string[];
  /** Numbers of the step, each of the shape (). */
  readonly scalars: readonly string[];
}

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

/** ONNX's comparisons are not numbers, and its remainder has other signs. */
const BINARY: Readonly<Partial<Record<Binary, string>>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  min: 'Min',
  max: 'Max',
  pow: 'Pow',
};

/** Appends the nodes of one update. Returns the names of the new weight and of the new slots. */
export function writeUpdate(
  writer: NodeWriter,
  optimizer: Optimizer,
  { weight, gradient, slots, scalars }: Updated,
): { readonly weight: string; readonly slots: readonly string[] } {
  const names = [weight, gradient, ...slots];
  const input = (index: number): Expression => ({ kind: 'input', index });
  const made = optimizer.update({
    weight: input(0),
    gradient: input(1),
    slots: slots.map((_, i) => input(i + 2)),
    scalars: scalars.map((_, index) => ({ kind: 'live', index })),
  });
  /** Formulas of several outputs share parts, which are computed once. */
  const written = new Map<Expression, string>();
  const write = (tree: Expression): string => {
    const name = written.get(tree) ?? writeOne(tree);
    written.set(tree, name);
    return name;
  };
  const writeOne = (tree: Expression): string => {
    if (tree.kind === 'input') return names[tree.index] ?? '';
    if (tree.kind === 'live') return scalars[tree.index] ?? '';
    if (tree.kind === 'constant') return writer.number(tree.value);
    if (tree.kind === 'unary') return writer.add(UNARY[tree.name], [write(tree.of)]);
    const op = tree.kind === 'binary' ? BINARY[tree.name] : undefined;
    if (tree.kind === 'binary' && op) return writer.add(op, [write(tree.left), write(tree.right)]);
    throw new EngineError(`The update of '${optimizer.name}' cannot be written with ONNX's operators.`);
  };
  return { weight: write(made.weight), slots: made.slots.map(write) };
}
