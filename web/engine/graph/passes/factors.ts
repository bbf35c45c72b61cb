// Expressions as products and quotients.

import { binary, type Expression, visitAll } from '../ir/expression.ts';

/** Factors of one expression that are told apart. */
const MAX_FACTORS = 8;

/** Operations of a product or a quotient. */
export interface Factor {
  readonly of: Expression;
  readonly inverted: boolean;
}

/** Factors that share branches are up to 2^n, so only some are taken apart. */
export function factorsOf(tree: Expression): Factor[] {
  const factors: Factor[] = [{ of: tree, inverted: false }];
  for (let at = 0; at < factors.length && factors.length < MAX_FACTORS; ) {
    const { of, inverted } = factors[at] ?? { of: tree, inverted: true };
    if (of.kind === 'binary' && !inverted && (of.name === 'mul' || of.name === 'div')) {
      factors.splice(at, 1, { of: of.left, inverted }, { of: of.right, inverted: of.name === 'div' });
    } else at++;
  }
  return factors;
}

export const multiply = (of: Expression, factors: readonly Factor[]): Expression =>
  factors.reduce((made, factor) => binary(factor.inverted ? 'div' : 'mul', made, factor.of), of);

export function contains(tree: Expression, kind: Expression['kind']): boolean {
  let found = false;
  visitAll(tree, node => {
    found ||= node.kind === kind;
  });
  return found;
}

const isSame = (a: Expression, b: Expression): boolean =>
  a === b ||
  (a.kind === 'input' && b.kind === 'input' && a.index === b.index) ||
  (a.kind === 'constant' && b.kind === 'constant' && a.value === b.value) ||
  (a.kind === 'perChannel' && b.kind === 'perChannel' && a.values === b.values);

/** The one factor that is not among the others; null if there are more, or if one of the others is missing. */
export function onlyOther(factors: readonly Factor[], others: readonly Factor[]): Factor | null {
  const left = [...factors];
  for (const { of, inverted } of others) {
    const at = left.findIndex(factor => factor.inverted === inverted && isSame(factor.of, of));
    if (at < 0) return null;
    left.splice(at, 1);
  }
  return left.length === 1 ? (left[0] ?? null) : null;
}

/** Takes a factor per channel out of a function of a sum. */
export function splitScale(tree: Expression): [rest: Expression, scale: Expression | null] {
  if (tree.kind !== 'binary' || tree.name !== 'mul' || !contains(tree, 'perChannel')) return [tree, null];
  const isScale = [tree.left, tree.right].map(side => !contains(side, 'value'));
  if (isScale[0]) return [tree.right, tree.left];
  return isScale[1] ? [tree.left, tree.right] : [tree, null];
}
