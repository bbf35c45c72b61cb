// Lowering of element-wise nodes: each becomes a map over its inputs, to be fused by the passes. Nodes over
// constants and live scalars alone make no operation at all.

import { constantOf, sizeOf } from '../onnx/constant.ts';
import { dimsOf, type NodeView, type Value } from './builder.ts';
import {
  type Binary,
  binary,
  choose,
  type Expression,
  evaluate,
  input,
  number,
  rewrite,
  sizeOfTree,
  type Unary,
  unary,
} from './expression.ts';
import { type Shape, shapeOf, type Tensor } from './operation.ts';

/** Elements of a constant that are worth computing at load. */
const MOST_FOLDED = 1024;
/** Distinct nodes of one expression; beyond it no network has one, and walks would run out of stack. */
const LARGEST_EXPRESSION = 512;

type Make = (node: NodeView, ...operands: Expression[]) => Expression;

const plain =
  (name: Unary): Make =>
  (_, x) =>
    unary(name, x ?? number(0));
/** Any number of operands, from the left. */
const chain =
  (name: Binary): Make =>
  (_, first, ...rest) =>
    rest.reduce((left, right) => binary(name, left, right), first ?? number(0));
const positive = (x: Expression, yes: Expression, no: Expression) =>
  choose(binary('less', x, number(0)), no, yes);
const plusOne = (x: Expression) => binary('add', x, number(1));
const times = (factor: number, x: Expression) => binary('mul', number(factor), x);
const exponentialBelow = (x: Expression, alpha: number, scale = 1) =>
  positive(x, times(scale, x), times(scale * alpha, binary('sub', unary('exp', x), number(1))));
const between = (x: Expression, low: Expression, high: Expression) =>
  binary('min', binary('max', x, low), high);

function gelu(node: NodeView, x: Expression): Expression {
  const cube = binary('mul', x, binary('mul', x, x));
  const inner =
    node.text('approximate', 'none') === 'tanh'
      ? unary('tanh', times(Math.sqrt(2 / Math.PI), binary('add', x, times(0.044715, cube))))
      : unary('erf', times(Math.SQRT1_2, x));
  return binary('mul', times(0.5, x), plusOne(inner));
}

/** Min and max were attributes before opset 11 and may be left out since. */
function clip(node: NodeView, x: Expression, low?: Expression, high?: Expression): Expression {
  const least = node.builder.opset < 11 ? number(node.float('min', -3.4028235e38)) : low;
  const most = node.builder.opset < 11 ? number(node.float('max', 3.4028235e38)) : high;
  const above = least ? binary('max', x, least) : x;
  return most ? binary('min', above, most) : above;
}

const hardSigmoid = (x: Expression, alpha: number, beta: number) =>
  between(binary('add', times(alpha, x), number(beta)), number(0), number(1));

const MAKERS: Readonly<Record<string, Make>> = {
  Abs: plain('abs'),
  Ceil: plain('ceil'),
  Cos: plain('cos'),
  Erf: plain('erf'),
  Exp: plain('exp'),
  Floor: plain('floor'),
  Log: plain('log'),
  Neg: plain('neg'),
  Reciprocal: plain('reciprocal'),
  Relu: plain('relu'),
  Round: plain('round'),
  Sigmoid: plain('sigmoid'),
  Sign: plain('sign'),
  Sin: plain('sin'),
  Softplus: plain('softplus'),
  Sqrt: plain('sqrt'),
  Tanh: plain('tanh'),
  Add: chain('add'),
  Sub: chain('sub'),
  Mul: chain('mul'),
  Div: chain('div'),
  Pow: chain('pow'),
  Min: chain('min'),
  Max: chain('max'),
  Sum: chain('add'),
  Mean: (node, ...all) => times(1 / all.length, chain('add')(node, ...all)),
  PRelu: (_, x = number(0), slope = number(0)) => positive(x, x, binary('mul', slope, x)),
  Clip: (node, x = number(0), low, high) => clip(node, x, low, high),
  Gelu: (node, x = number(0)) => gelu(node, x),
  LeakyRelu: (node, x = number(0)) => positive(x, x, times(node.float('alpha', 0.01), x)),
  Elu: (node, x = number(0)) => exponentialBelow(x, node.float('alpha', 1)),
  Selu: (node, x = number(0)) =>
    exponentialBelow(x, node.float('alpha', 1.6732631921768188), node.float('gamma', 1.0507010221481323)),
  Celu: (node, x = number(0)) => {
    const alpha = node.float('alpha', 1);
    const low = times(alpha, binary('sub', unary('exp', times(1 / alpha, x)), number(1)));
    return binary('add', binary('max', x, number(0)), binary('min', low, number(0)));
  },
  HardSigmoid: (node, x = number(0)) => hardSigmoid(x, node.float('alpha', 0.2), node.float('beta', 0.5)),
  HardSwish: (_, x = number(0)) => binary('mul', x, hardSigmoid(x, 1 / 6, 0.5)),
  Mish: (_, x = number(0)) => binary('mul', x, unary('tanh', unary('softplus', x))),
  Softsign: (_, x = number(0)) => binary('div', x, plusOne(unary('abs', x))),
  Swish: (node, x = number(0)) => binary('mul', x, unary('sigmoid', times(node.float('alpha', 1), x))),
  ThresholdedRelu: (node, x = number(0)) =>
    choose(binary('less', number(node.float('alpha', 1)), x), x, number(0)),
};

export const isElementwise = (op: string): boolean => Object.hasOwn(MAKERS, op);

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

export function lowerElementwise(node: NodeView): void {
  const make = MAKERS[node.node.op];
  if (!make) throw node.fail('is not supported by the engine.');
  const values = node.node.inputs.map((name, i) => (name ? node.value(i) : undefined));
  const present = values.filter(value => value !== undefined);
  if (present.length === 0) throw node.fail('has no input.');
  node.define(
    mapOver(node, broadcast(node, present.map(dimsOf)), present, inputs => {
      const operands = [...inputs];
      return make(node, ...(values.map(value => (value ? operands.shift() : undefined)) as Expression[]));
    }),
  );
}

/** `make` applied to the values element by element: a map, a scalar or a constant, whichever is least. */
export function mapOver(
  node: NodeView,
  dims: readonly number[],
  values: readonly Value[],
  make: (inputs: Expression[]) => Expression,
): Value {
  const single = dims.every(dim => dim === 1);
  const inputs: Tensor[] = [];
  const leaves = values.map((value, i) => leafOf(node, value, i, shapeOf(dims), inputs));
  const expression = make(leaves);
  if (sizeOfTree(expression) > LARGEST_EXPRESSION) {
    throw node.fail(`is the end of more than ${LARGEST_EXPRESSION} operations on scalars.`);
  }
  if (single && inputs.length === 0) {
    const folded = evaluate(expression);
    if (folded === undefined) return { kind: 'scalar', expression, dims };
    return { kind: 'constant', constant: constantOf(node.output, dims, Float32Array.of(folded)) };
  }
  const folded = values.every(value => value.kind === 'constant') ? fold(dims, inputs, expression) : null;
  if (folded) return { kind: 'constant', constant: constantOf(node.output, dims, folded) };
  return node.builder.emit({
    kind: 'map',
    name: node.node.name,
    inputs,
    output: node.made(dims),
    epilogue: expression,
  });
}

function leafOf(node: NodeView, value: Value, place: number, shape: Shape, inputs: Tensor[]): Expression {
  if (value.kind === 'scalar') return value.expression;
  if (value.kind === 'constant') {
    const { constant } = value;
    if (sizeOf(constant.dims, constant.name) === 1) return number(node.builder.floats(constant)[0] ?? 0);
    const [n, c, h, w] = shapeOf(constant.dims);
    if (constant.dims.length <= 4 && n === 1 && h === 1 && w === 1 && c === shape[1]) {
      return { kind: 'channel', values: node.builder.floats(constant) };
    }
  }
  const tensor = node.builder.tensor(value, node.node.inputs[place] ?? '');
  const known = inputs.indexOf(tensor);
  if (known >= 0) return input(known);
  inputs.push(tensor);
  return input(inputs.length - 1);
}

/** Small constants are computed here and now; null where that is not possible. */
function fold(
  dims: readonly number[],
  inputs: readonly Tensor[],
  expression: Expression,
): Float32Array | null {
  const [, channels, height, width] = shapeOf(dims);
  const size = dims.reduce((a, b) => a * b, 1);
  if (size > MOST_FOLDED) return null;
  const result = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const at = [
      Math.floor(i / (channels * height * width)),
      Math.floor(i / (height * width)) % channels,
      Math.floor(i / width) % height,
      i % width,
    ];
    const known = evaluate(
      rewrite(expression, leaf => {
        if (leaf.kind === 'channel') return number(leaf.values[at[1] ?? 0] ?? 0);
        const tensor = leaf.kind === 'input' ? inputs[leaf.index] : undefined;
        return tensor ? number(elementAt(tensor, at)) : leaf;
      }),
    );
    if (known === undefined) return null;
    result[i] = known;
  }
  return result;
}

function elementAt(tensor: Tensor, at: readonly number[]): number {
  let index = 0;
  tensor.shape.forEach((dim, axis) => {
    index = index * dim + (dim === 1 ? 0 : (at[axis] ?? 0));
  });
  return tensor.constant?.[index] ?? 0;
}
