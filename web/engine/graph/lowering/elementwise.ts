// Lowering of element-wise nodes: each becomes a map over its inputs, to be fused by the passes. Nodes over live
// scalars alone make no operation at all; `constant-folding.ts` works out those over constants.

import { exactNumbers, sizeOf } from '../../onnx/constant.ts';
import {
  type Binary,
  binary,
  constant,
  type Expression,
  input,
  select,
  sizeOfTree,
  type Unary,
  unary,
} from '../ir/expression.ts';
import { makeTensor, shapeOf, type Tensor } from '../ir/tensor.ts';
import { dimsOf, type NodeView, type Value } from './builder.ts';

/** Distinct nodes of one expression; beyond it no network has one, and walks would run out of stack. */
export const LARGEST_EXPRESSION = 512;

/** Of the operands (undefined where one is left out), what the node makes of them. */
export type Make = (node: NodeView, ...operands: (Expression | undefined)[]) => Expression;
export type Lowering = (node: NodeView) => void;

const NONE = constant(0);

export const plain =
  (name: Unary): Make =>
  (_, x = NONE) =>
    unary(name, x);
/** Any number of operands, from the left. */
export const chain =
  (name: Binary): Make =>
  (_, first = NONE, ...rest) =>
    rest.reduce<Expression>((left, right = NONE) => binary(name, left, right), first);
export const positive = (x: Expression, yes: Expression, no: Expression): Expression =>
  select(binary('less', x, constant(0)), no, yes);
export const times = (factor: number, x: Expression): Expression => binary('mul', constant(factor), x);

/** Min and max were attributes before opset 11 and may be left out since. */
const clip: Make = (node, x = NONE, low, high) => {
  const least = node.builder.opset < 11 ? constant(node.float('min', -3.4028235e38)) : low;
  const most = node.builder.opset < 11 ? constant(node.float('max', 3.4028235e38)) : high;
  const above = least ? binary('max', x, least) : x;
  return most ? binary('min', above, most) : above;
};

/** What looks of our own are made of; `elementwise-extended.ts` has the others. */
export const MAKERS: Readonly<Record<string, Make>> = {
  Add: chain('add'),
  Clip: clip,
  LeakyRelu: (node, x = NONE) => positive(x, x, times(node.float('alpha', 0.01), x)),
  Mul: chain('mul'),
  Relu: plain('relu'),
  Sqrt: plain('sqrt'),
  Sub: chain('sub'),
  Tanh: plain('tanh'),
};

/** numpy's rule: aligned to the right, ones stretch. */
export function broadcast(node: NodeView, all: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...all.map(dims => dims.length));
  return Array.from({ length: rank }, (_, i) => {
    let size = 1;
    for (const dims of all) {
      const dim = dims[i - rank + dims.length] ?? 1;
      if (dim === 1) continue;
      if (size !== 1 && size !== dim) {
        throw node.fail(
          `has inputs of shapes ${all.map(d => `[${d.join(', ')}]`).join(' and ')}, which do not fit.`,
        );
      }
      size = dim;
    }
    return size;
  });
}

export function lowerings(
  makers: Readonly<Record<string, Make>>,
  over: typeof mapOver = mapOver,
): Record<string, Lowering> {
  const entries = Object.entries(makers).map(([op, make]) => [
    op,
    (node: NodeView) => lower(node, make, over),
  ]);
  return Object.fromEntries(entries);
}

function lower(node: NodeView, make: Make, over: typeof mapOver): void {
  const values = node.node.inputs.map((name, i) => (name ? node.value(i) : undefined));
  const present = values.filter(value => value !== undefined);
  if (present.length === 0) throw node.fail('has no input.');
  const dims = broadcast(node, present.map(dimsOf));
  const made = over(node, dims, present, inputs => {
    const operands = [...inputs];
    return make(node, ...values.map(value => (value ? operands.shift() : undefined)));
  });
  node.define(made);
}

/** Throws where values do not broadcast to those dimensions: they would be read beyond their end. */
export function fits(node: NodeView, dims: readonly number[], values: readonly Value[]): void {
  const all = broadcast(node, [dims, ...values.map(dimsOf)]);
  if (all.some((dim, i) => dim !== dims[i - all.length + dims.length])) {
    throw node.fail(`has an input that is larger than its output, [${dims.join(', ')}].`);
  }
}

/** `make` applied to the values element by element: a map, or a scalar. */
export function mapOver(
  node: NodeView,
  dims: readonly number[],
  values: readonly Value[],
  make: (inputs: Expression[]) => Expression,
  name: string = node.output,
): Value {
  fits(node, dims, values);
  const inputs: Tensor[] = [];
  const leaves = values.map((value, i) => leafOf(node, value, i, dims, inputs));
  const expression = make(leaves);
  if (sizeOfTree(expression) > LARGEST_EXPRESSION) {
    throw node.fail(`is the end of more than ${LARGEST_EXPRESSION} operations on scalars.`);
  }
  if (inputs.length === 0 && dims.every(dim => dim === 1)) return { kind: 'scalar', expression, dims };
  const output = makeTensor(name, dims);
  return node.builder.emit({
    kind: 'elementwise',
    name: node.node.name,
    inputs,
    output,
    epilogue: expression,
  });
}

function leafOf(
  node: NodeView,
  value: Value,
  place: number,
  dims: readonly number[],
  inputs: Tensor[],
): Expression {
  if (value.kind === 'scalar') return value.expression;
  if (value.kind === 'constant') {
    const stored = value.constant;
    if (sizeOf(stored.dims, stored.name) === 1) return constant(exactNumbers(stored)[0] ?? 0);
    const [n, c, h, w] = shapeOf(stored.dims);
    if (n === 1 && h === 1 && w === 1 && c === shapeOf(dims)[1]) {
      return { kind: 'perChannel', values: node.builder.floats(stored) };
    }
  }
  const tensor = node.builder.tensor(value, node.node.inputs[place] ?? '');
  if (!stretches(tensor.dims, dims)) {
    const shapes = [tensor.dims, dims].map(list => `[${list.join(', ')}]`);
    throw node.fail(`stretches ${shapes[0]} to ${shapes[1]}; the engine does so along the last three.`);
  }
  const known = inputs.indexOf(tensor);
  if (known >= 0) return input(known);
  inputs.push(tensor);
  return input(inputs.length - 1);
}

/** Dimensions before the last three count as one, so they stretch together or not at all. */
function stretches(from: readonly number[], to: readonly number[]): boolean {
  const lead = (dims: readonly number[]) => dims.slice(0, -3).filter(dim => dim !== 1);
  const [own, whole] = [lead(from), lead(to)];
  return own.length === 0 || (own.length === whole.length && own.every((dim, i) => dim === whole[i]));
}

export const ELEMENTWISE: Readonly<Record<string, Lowering>> = lowerings(MAKERS);
