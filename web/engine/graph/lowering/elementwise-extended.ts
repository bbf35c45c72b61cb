// Element-wise operators that our own looks do not use, each as a formula.

import { isInteger } from '../../onnx/constant.ts';
import { type Binary, binary, constant, type Expression, select, unary } from '../ir/expression.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import { dimsOf, type NodeReader } from './builder.ts';
import { foldElementwise } from './constant-folding.ts';
import {
  broadcast,
  MAKERS as COMMON,
  chainMaker,
  type Lowering,
  lowerings,
  type MakeExpression,
  scaledBy,
  selectBySign,
  unaryMaker,
} from './elementwise.ts';

const NONE = constant(0);
const ONE = constant(1);

const plusOne = (x: Expression): Expression => binary('add', x, ONE);
const minusOne = (x: Expression): Expression => binary('sub', x, ONE);
const not = (x: Expression): Expression => select(x, NONE, ONE);
const truth = (x: Expression): Expression => select(x, ONE, NONE);
const exponentialBelow = (x: Expression, alpha: number, scale = 1): Expression =>
  selectBySign(x, scaledBy(scale, x), scaledBy(scale * alpha, minusOne(unary('exp', x))));

function hardSigmoid(x: Expression, alpha: number, beta: number): Expression {
  const line = binary('add', scaledBy(alpha, x), constant(beta));
  return binary('min', binary('max', line, NONE), ONE);
}

const gelu: MakeExpression = (node, x = NONE) => {
  const cube = binary('mul', x, binary('mul', x, x));
  const inner =
    node.text('approximate', 'none') === 'tanh'
      ? unary('tanh', scaledBy(Math.sqrt(2 / Math.PI), binary('add', x, scaledBy(0.044715, cube))))
      : unary('erf', scaledBy(Math.SQRT1_2, x));
  return binary('mul', scaledBy(0.5, x), plusOne(inner));
};

const celu: MakeExpression = (node, x = NONE) => {
  const alpha = node.float('alpha', 1);
  const low = scaledBy(alpha, minusOne(unary('exp', scaledBy(1 / alpha, x))));
  return binary('add', binary('max', x, NONE), binary('min', low, NONE));
};

/** The remainder has the sign of the dividend with fmod, else that of the divisor. */
const mod: MakeExpression = (node, x = NONE, y = NONE) => {
  const value = node.value(0);
  const whole = value.kind === 'constant' && isInteger(value.constant);
  // GPUs do not define division by infinity. A dividend smaller than the divisor is the remainder itself.
  const small = binary('less', unary('abs', x), unary('abs', y));
  const rest = whole ? binary('mod', x, y) : select(small, x, binary('mod', x, y));
  if (node.int('fmod', 0) === 1) return rest;
  const other = select(binary('less', y, NONE), binary('less', NONE, rest), binary('less', rest, NONE));
  return select(other, binary('add', rest, y), rest);
};

const less: MakeExpression = (_, x = NONE, y = NONE) => binary('less', x, y);
const greater: MakeExpression = (_, x = NONE, y = NONE) => binary('less', y, x);

const MAKERS: Readonly<Record<string, MakeExpression>> = {
  Abs: unaryMaker('abs'),
  Ceil: unaryMaker('ceil'),
  Celu: celu,
  Cos: unaryMaker('cos'),
  Elu: (node, x = NONE) => exponentialBelow(x, node.float('alpha', 1)),
  Erf: unaryMaker('erf'),
  Exp: unaryMaker('exp'),
  Floor: unaryMaker('floor'),
  Gelu: gelu,
  HardSigmoid: (node, x = NONE) => hardSigmoid(x, node.float('alpha', 0.2), node.float('beta', 0.5)),
  HardSwish: (_, x = NONE) => binary('mul', x, hardSigmoid(x, 1 / 6, 0.5)),
  Log: unaryMaker('log'),
  Max: chainMaker('max'),
  Min: chainMaker('min'),
  Mean: (node, ...all) => scaledBy(1 / all.length, chainMaker('add')(node, ...all)),
  Mish: (_, x = NONE) => binary('mul', x, unary('tanh', unary('softplus', x))),
  Mod: mod,
  PRelu: (_, x = NONE, slope = NONE) => selectBySign(x, x, binary('mul', slope, x)),
  Pow: chainMaker('pow'),
  Neg: unaryMaker('neg'),
  Reciprocal: unaryMaker('reciprocal'),
  Round: unaryMaker('round'),
  Selu: (node, x = NONE) =>
    exponentialBelow(x, node.float('alpha', 1.6732631921768188), node.float('gamma', 1.0507010221481323)),
  Sigmoid: unaryMaker('sigmoid'),
  Sign: unaryMaker('sign'),
  Sin: unaryMaker('sin'),
  Softplus: unaryMaker('softplus'),
  Softsign: (_, x = NONE) => binary('div', x, plusOne(unary('abs', x))),
  Sum: chainMaker('add'),
  Swish: (node, x = NONE) => binary('mul', x, unary('sigmoid', scaledBy(node.float('alpha', 1), x))),
  ThresholdedRelu: (node, x = NONE) => select(binary('less', constant(node.float('alpha', 1)), x), x, NONE),
  // True is 1. Exporters compare shapes, which are known at load.
  And: (_, x = NONE, y = NONE) => select(x, truth(y), NONE),
  Equal: (_, x = NONE, y = NONE) => not(binary('add', binary('less', x, y), binary('less', y, x))),
  Greater: greater,
  GreaterOrEqual: (node, ...both) => not(less(node, ...both)),
  Less: less,
  LessOrEqual: (node, ...both) => not(greater(node, ...both)),
  Not: (_, x = NONE) => not(x),
  Or: (_, x = NONE, y = NONE) => select(x, ONE, truth(y)),
  Where: (_, test = NONE, yes = NONE, no = NONE) => select(test, yes, no),
  Xor: (_, x = NONE, y = NONE) => select(x, not(y), truth(y)),
};

/** Includes the common operators, which fold constants here. */
const ALL: Readonly<Record<string, Lowering>> = lowerings({ ...COMMON, ...MAKERS }, foldElementwise);

const VARIADIC: Readonly<Record<string, Binary>> = { Max: 'max', Mean: 'add', Min: 'min', Sum: 'add' };

/** Lowers more operands than a kernel can read: from the left, as many at a time as it can. */
function lowerVariadic(node: NodeReader): void {
  const { op, inputs } = node.node;
  const count = inputs.length;
  if (count <= MAX_READ_TENSORS) {
    ALL[op]?.(node);
    return;
  }
  const make = chainMaker(VARIADIC[op] ?? 'add');
  let made = node.value(0);
  for (let at = 1; at < count; at += MAX_READ_TENSORS - 1) {
    const more = inputs.slice(at, at + MAX_READ_TENSORS - 1).map((_, i) => node.value(at + i));
    const parts = [made, ...more];
    const last = at + more.length === count;
    const factor = last && op === 'Mean' ? 1 / count : 1;
    const together = (all: Expression[]) => {
      const whole = make(node, ...all);
      return factor === 1 ? whole : scaledBy(factor, whole);
    };
    const name = last ? node.output : `${node.output} to ${at}`;
    made = foldElementwise(node, broadcast(node, parts.map(dimsOf)), parts, together, name);
  }
  node.define(made);
}

export const ELEMENTWISE_EXTENDED: Readonly<Record<string, Lowering>> = {
  ...ALL,
  ...Object.fromEntries(Object.keys(VARIADIC).map(op => [op, lowerVariadic])),
};
