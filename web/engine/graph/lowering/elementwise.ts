// Lowering of element-wise nodes. Each becomes an element-wise operation, which the passes fuse. Nodes over live
// inputs alone become part of other expressions; `constant-folding.ts` evaluates those over constants.

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
import { dimsOf, type NodeReader, type Value } from './builder.ts';

/** Distinct nodes of one expression. No network has more, and recursion on more would overflow the stack. */
export const MAX_EXPRESSION = 512;

/** Builds a node's expression from its operands. A missing operand is undefined. */
export type MakeExpression = (node: NodeReader, ...operands: (Expression | undefined)[]) => Expression;
export type Lowering = (node: NodeReader) => void;
/** The same, for what may have to be fetched. */
export type LoweringLater = (node: NodeReader) => void | Promise<void>;

const NONE = constant(0);

export const unaryMaker =
  (name: Unary): MakeExpression =>
  (_, x = NONE) =>
    unary(name, x);
/** Any number of operands, from the left. */
export const chainMaker =
  (name: Binary): MakeExpression =>
  (_, first = NONE, ...rest) =>
    rest.reduce<Expression>((left, right = NONE) => binary(name, left, right), first);
export const selectBySign = (x: Expression, yes: Expression, no: Expression): Expression =>
  select(binary('less', x, constant(0)), no, yes);
export const scaledBy = (factor: number, x: Expression): Expression => binary('mul', constant(factor), x);

/** Min and max were attributes before opset 11. Since then they are optional inputs. */
const clip: MakeExpression = (node, x = NONE, low, high) => {
  const least = node.builder.opset < 11 ? constant(node.float('min', -3.4028235e38)) : low;
  const most = node.builder.opset < 11 ? constant(node.float('max', 3.4028235e38)) : high;
  const above = least ? binary('max', x, least) : x;
  return most ? binary('min', above, most) : above;
};

/** The operators of our own looks. `elementwise-extended.ts` has the others. */
export const MAKERS: Readonly<Record<string, MakeExpression>> = {
  Add: chainMaker('add'),
  Clip: clip,
  Div: chainMaker('div'),
  LeakyRelu: (node, x = NONE) => selectBySign(x, x, scaledBy(node.float('alpha', 0.01), x)),
  Mul: chainMaker('mul'),
  Relu: unaryMaker('relu'),
  Sqrt: unaryMaker('sqrt'),
  Sub: chainMaker('sub'),
  Tanh: unaryMaker('tanh'),
};

/** Broadcasts shapes as numpy does. */
export function broadcast(node: NodeReader, all: readonly (readonly number[])[]): number[] {
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
  makers: Readonly<Record<string, MakeExpression>>,
  over: EmitElementwise = emitElementwise,
): Record<string, Lowering> {
  const entries = Object.entries(makers).map(([op, make]) => [
    op,
    (node: NodeReader) => lower(node, make, over),
  ]);
  return Object.fromEntries(entries);
}

function lower(node: NodeReader, make: MakeExpression, over: EmitElementwise): void {
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

/** Throws if a value does not broadcast to those dimensions: it would be read beyond its end. */
export function checkBroadcast(node: NodeReader, dims: readonly number[], values: readonly Value[]): void {
  const all = broadcast(node, [dims, ...values.map(dimsOf)]);
  if (all.some((dim, i) => dim !== dims[i - all.length + dims.length])) {
    throw node.fail(`has an input that is larger than its output, [${dims.join(', ')}].`);
  }
}

/** Applies `make` to values, element by element. `name` is the output's, if it is not the node's own. */
export type EmitElementwise = (
  node: NodeReader,
  dims: readonly number[],
  values: readonly Value[],
  make: (inputs: Expression[]) => Expression,
  name?: string,
) => Value;

/** Emits an operation, or returns a scalar. */
export const emitElementwise: EmitElementwise = (node, dims, values, make, name = node.output) => {
  checkBroadcast(node, dims, values);
  const inputs: Tensor[] = [];
  const leaves = values.map((value, i) => leafExpression(node, value, i, dims, inputs));
  const expression = make(leaves);
  if (sizeOfTree(expression) > MAX_EXPRESSION) {
    throw node.fail(`ends a chain of more than ${MAX_EXPRESSION} operations on scalars.`);
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
};

function leafExpression(
  node: NodeReader,
  value: Value,
  index: number,
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
  const tensor = node.builder.tensor(value, node.node.inputs[index] ?? '');
  if (!canStretch(tensor.dims, dims)) {
    const shapes = [tensor.dims, dims].map(list => `[${list.join(', ')}]`);
    throw node.fail(
      `broadcasts ${shapes[0]} to ${shapes[1]}; the engine supports that for the last three dimensions.`,
    );
  }
  const known = inputs.indexOf(tensor);
  if (known >= 0) return input(known);
  inputs.push(tensor);
  return input(inputs.length - 1);
}

/** Dimensions before the last three count as one, so they broadcast together or not at all. */
function canStretch(from: readonly number[], to: readonly number[]): boolean {
  const lead = (dims: readonly number[]) => dims.slice(0, -3).filter(dim => dim !== 1);
  const [own, whole] = [lead(from), lead(to)];
  return own.length === 0 || (own.length === whole.length && own.every((dim, i) => dim === whole[i]));
}

export const ELEMENTWISE: Readonly<Record<string, Lowering>> = lowerings(MAKERS);
