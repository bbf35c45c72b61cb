// Element-wise arithmetic as a tree: what a chain of Add, Mul, Clip, Tanh ... does to one element.
//
// A kernel evaluates a tree for four channels at a time. So the product of the four lanes with a small constant
// matrix (`laneMatrix`) is element-wise too. By it, a 1x1 convolution of a picture (its grey) or a selection of
// channels is fused into a neighbour's kernel instead of costing a dispatch.

import { assertNever } from '../../error.ts';

export type Unary =
  | 'abs'
  | 'ceil'
  | 'cos'
  | 'erf'
  | 'exp'
  | 'floor'
  | 'log'
  | 'neg'
  | 'reciprocal'
  | 'relu'
  | 'round'
  | 'sigmoid'
  | 'sign'
  | 'sin'
  | 'softplus'
  | 'sqrt'
  | 'tanh';
export type Binary = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'pow' | 'less' | 'mod';

export type Expression =
  /** The kernel's own result, in an epilogue; the loaded value, in a prologue. */
  | { readonly kind: 'value' }
  /** An element of the operation's input of that index, broadcast as ONNX does. */
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  /** A live input, by its index in the graph. */
  | { readonly kind: 'live'; readonly index: number }
  /** A constant per channel. */
  | { readonly kind: 'perChannel'; readonly values: Float32Array }
  | { readonly kind: 'unary'; readonly name: Unary; readonly of: Expression }
  | { readonly kind: 'binary'; readonly name: Binary; readonly left: Expression; readonly right: Expression }
  /** `yes` where `test` is not 0, else `no`. */
  | {
      readonly kind: 'select';
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  /** A 4x4 matrix, row by row, and an offset, applied to the lanes of one block of four channels. */
  | {
      readonly kind: 'laneMatrix';
      readonly rows: readonly number[];
      readonly offset: readonly number[];
      readonly of: Expression;
    };

export const VALUE: Expression = { kind: 'value' };
export const input = (index: number): Expression => ({ kind: 'input', index });
export const constant = (value: number): Expression => ({ kind: 'constant', value });
export const unary = (name: Unary, of: Expression): Expression => ({ kind: 'unary', name, of });
export const binary = (name: Binary, left: Expression, right: Expression): Expression => ({
  kind: 'binary',
  name,
  left,
  right,
});
export const select = (test: Expression, yes: Expression, no: Expression): Expression => ({
  kind: 'select',
  test,
  yes,
  no,
});

/** Replaces the leaves of a tree. Shared branches stay shared. `seen` may give replacements of some nodes. Traversals
 * remember the nodes that they visited: a tree of n nodes that share branches has up to 2^n paths. */
export function rewrite(
  tree: Expression,
  leaf: (leaf: Expression) => Expression,
  seen: Map<Expression, Expression> = new Map(),
): Expression {
  const walk = (node: Expression): Expression => {
    const known = seen.get(node);
    if (known) return known;
    const made = isLeaf(node) ? leaf(node) : rebuild(node, walk);
    seen.set(node, made);
    return made;
  };
  return walk(tree);
}

function rebuild(node: Expression, walk: (node: Expression) => Expression): Expression {
  switch (node.kind) {
    case 'value':
    case 'input':
    case 'constant':
    case 'live':
    case 'perChannel':
      return node;
    case 'unary':
    case 'laneMatrix':
      return { ...node, of: walk(node.of) };
    case 'binary':
      return { ...node, left: walk(node.left), right: walk(node.right) };
    case 'select':
      return { ...node, test: walk(node.test), yes: walk(node.yes), no: walk(node.no) };
    default:
      return assertNever(node);
  }
}

/** Calls `visit` once for each distinct node. */
export function visitAll(tree: Expression, visit: (node: Expression) => void): void {
  const seen = new Set<Expression>();
  const walk = (node: Expression): Expression => {
    if (seen.has(node)) return node;
    seen.add(node);
    visit(node);
    return isLeaf(node) ? node : rebuild(node, walk);
  };
  walk(tree);
}

function isLeaf(node: Expression): boolean {
  return (
    node.kind !== 'unary' && node.kind !== 'binary' && node.kind !== 'select' && node.kind !== 'laneMatrix'
  );
}

/** The number of distinct nodes. It limits what one kernel evaluates. */
export function sizeOfTree(tree: Expression): number {
  let size = 0;
  visitAll(tree, () => {
    size += 1;
  });
  return size;
}

/** A `laneMatrix` that repeats lane 0: it broadcasts one channel over a block. */
export const SPLAT: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];

export function laneMatrix(rows: readonly number[], offset: readonly number[], of: Expression): Expression {
  return { kind: 'laneMatrix', rows, offset, of };
}
