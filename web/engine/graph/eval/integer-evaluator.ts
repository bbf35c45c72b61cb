// Evaluates expressions over integers exactly, for what a file computes from shapes. Each step wraps around the ends
// of the type, as ONNX does.

import type { EngineError } from '../../error.ts';
import { type Constant, type DataType, exactNumbers, isInteger } from '../../onnx/constant.ts';
import { bigints, integerConstant, wrapToType } from '../../onnx/integers.ts';
import type { Binary, Expression, Unary } from '../ir/expression.ts';
import { broadcastStrides, productOf } from '../ir/strides.ts';
import { operandsOf, StridedIterator, topologicalOrder } from './evaluator.ts';

/** The ONNX node whose constants are evaluated: its errors name it. */
interface Node {
  fail(problem: string): EngineError;
}

/** The type of the result. A selection has the type of its branches. Null for constants in the expression and for
 * comparisons of them. */
export function resultType(tree: Expression, leaves: readonly Constant[]): DataType | null {
  const types = new Map<Expression, DataType | null>();
  for (const node of topologicalOrder(tree)) {
    const [first, second, third] = operandsOf(node).map(operand => types.get(operand) ?? null);
    if (node.kind === 'input') types.set(node, leaves[node.index]?.type ?? null);
    else if (node.kind === 'select') types.set(node, wider(second, third));
    else if (node.kind === 'binary' && node.name === 'less') types.set(node, 'bool');
    // An integer to any power stays an integer.
    else if (node.kind === 'binary' && node.name === 'pow') types.set(node, first ?? second ?? null);
    else types.set(node, wider(first, second));
  }
  return types.get(tree) ?? null;
}

/** The wider of two types that ONNX wants alike: a float type if there is one. */
const wider = (a: DataType | null = null, b: DataType | null = null): DataType | null =>
  b?.startsWith('float') ? b : (a ?? b);

/** Evaluates the expression to a constant. */
export function evaluateIntegers(
  node: Node,
  name: string,
  dims: readonly number[],
  tree: Expression,
  leaves: readonly Constant[],
): Constant {
  const type = resultType(tree, leaves) ?? 'bool';
  const order = topologicalOrder(tree);
  const size = productOf(dims);
  const iterators = new Map(
    order.flatMap(one => {
      const leaf = one.kind === 'input' ? leaves[one.index] : undefined;
      if (!leaf) return [];
      const values = isInteger(leaf) ? bigints(leaf) : exactNumbers(leaf).map(value => toBigInt(node, value));
      return [
        [
          one,
          { values, iterator: new StridedIterator(dims, broadcastStrides(leaf.dims, dims.length)) },
        ] as const,
      ];
    }),
  );
  const made = Array.from({ length: size }, () => {
    const known = new Map<Expression, bigint>();
    for (const one of order) {
      const leaf = iterators.get(one);
      const value = leaf
        ? (leaf.values[leaf.iterator.offset] ?? 0n)
        : applyNode(
            node,
            one,
            operandsOf(one).map(operand => known.get(operand) ?? 0n),
          );
      known.set(one, leaf ? value : wrapToType(type, value));
      leaf?.iterator.advance();
    }
    return known.get(tree) ?? 0n;
  });
  return integerConstant(name, type, dims, made);
}

function toBigInt(node: Node, value: number): bigint {
  if (!Number.isInteger(value)) throw node.fail('computes a fraction of integers.');
  return BigInt(value);
}

function applyNode(node: Node, tree: Expression, [a = 0n, b = 0n, c = 0n]: readonly bigint[]): bigint {
  if (tree.kind === 'constant') return toBigInt(node, tree.value);
  if (tree.kind === 'select') return a !== 0n ? b : c;
  if (tree.kind === 'unary') return applyUnary(node, tree.name, a);
  if (tree.kind === 'binary') return applyBinary(node, tree.name, a, b);
  throw node.fail('computes what is no integer.');
}

function applyUnary(node: Node, name: Unary, x: bigint): bigint {
  switch (name) {
    case 'abs':
      return x < 0n ? -x : x;
    case 'neg':
      return -x;
    case 'relu':
      return x < 0n ? 0n : x;
    case 'sign':
      return x < 0n ? -1n : x > 0n ? 1n : 0n;
    case 'ceil':
    case 'floor':
    case 'round':
      return x;
    default:
      throw node.fail('computes a fraction of integers.');
  }
}

export function applyBinary(node: Node, name: Binary, x: bigint, y: bigint): bigint {
  switch (name) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return x * y;
    case 'min':
      return x < y ? x : y;
    case 'max':
      return x < y ? y : x;
    case 'less':
      return x < y ? 1n : 0n;
    case 'pow':
      return power(node, x, y);
    case 'div':
    case 'mod':
      if (y === 0n) throw node.fail('divides an integer by 0.');
      return name === 'div' ? x / y : x % y;
    default:
      return name satisfies never;
  }
}

/** Modulo 2^64, so that no exponent takes more than 64 rounds. */
function power(node: Node, base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) {
    if (base === 0n) throw node.fail('divides an integer by 0.');
    // 1 divided by anything else is less than 1.
    return base === 1n || base === -1n ? power(node, base, -exponent) : 0n;
  }
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}
