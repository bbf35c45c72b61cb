// Functions of a sum that are functions of a mean.

import { binary, constant, type Expression, rewrite, VALUE, visitAll } from '../ir/expression.ts';

/** Whether the tree divides `value` by `count`. Files hold 1 / count as float32. */
export function isMeanOf(tree: Expression, count: number): boolean {
  if (tree.kind !== 'binary') return false;
  const [number, other] =
    tree.left.kind === 'constant' ? [tree.left.value, tree.right] : constantOnRight(tree);
  const share = tree.name === 'div' ? 1 / number : number;
  const inOrder = tree.name === 'mul' || (tree.name === 'div' && tree.right.kind === 'constant');
  return inOrder && other.kind === 'value' && Math.abs(share * count - 1) < 1e-6;
}

const constantOnRight = ({ left, right }: { left: Expression; right: Expression }): [number, Expression] => [
  right.kind === 'constant' ? right.value : Number.NaN,
  left,
];

/** A function of a sum, as one of the mean. */
export function functionOfMean(tree: Expression, count: number): Expression {
  const known = new Map<Expression, Expression>();
  visitAll(tree, node => {
    if (isMeanOf(node, count)) known.set(node, VALUE);
  });
  return rewrite(tree, leaf => (leaf.kind === 'value' ? binary('mul', VALUE, constant(count)) : leaf), known);
}
