// The functions of expressions on numbers, for evaluation at load.

import { assertNever } from '../../error.ts';
import type { Binary, Unary } from '../ir/expression.ts';

/** Undefined for erf, which is not worth folding. */
export function applyUnary(name: Unary, x: number): number | undefined {
  if (name === 'erf') return undefined;
  if (name === 'neg') return -x;
  if (name === 'reciprocal') return 1 / x;
  if (name === 'relu') return Math.max(x, 0);
  if (name === 'sigmoid') return 1 / (1 + Math.exp(-x));
  if (name === 'softplus') return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  if (name === 'round') return roundToEven(x);
  return Math[name](x);
}

function roundToEven(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

export function applyBinary(name: Binary, x: number, y: number): number {
  switch (name) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return x * y;
    case 'div':
      return x / y;
    case 'min':
      return Math.min(x, y);
    case 'max':
      return Math.max(x, y);
    case 'pow':
      return x ** y;
    case 'less':
      return x < y ? 1 : 0;
    case 'mod':
      return x - y * Math.trunc(x / y);
    default:
      return assertNever(name);
  }
}
