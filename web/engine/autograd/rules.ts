// The gradient rule of each operator.

import type { Rule } from './rules/backward-node.ts';
import { CONV } from './rules/conv.ts';
import { ELEMENTWISE } from './rules/elementwise.ts';
import { MATMUL } from './rules/matmul.ts';
import { MOVEMENT } from './rules/movement.ts';
import { REDUCE } from './rules/reduce.ts';
import { RESAMPLE } from './rules/resample.ts';

const NOTHING: Rule = () => [];

/** Operators whose derivative is 0 wherever it exists, and those of shapes, integers and truth values. */
const FLAT = [
  'And',
  'Ceil',
  'Constant',
  'ConstantOfShape',
  'DequantizeLinear',
  'Equal',
  'Floor',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'Not',
  'Or',
  'QuantizeLinear',
  'Range',
  'Round',
  'Shape',
  'Sign',
  'Size',
  'UniformNoise',
  'Xor',
];

/** Rules of the operators that our own looks have. */
const RULES: Readonly<Record<string, Rule>> = {
  ...CONV,
  ...ELEMENTWISE,
  ...MATMUL,
  ...MOVEMENT,
  ...REDUCE,
  ...RESAMPLE,
  ...Object.fromEntries(FLAT.map(op => [op, NOTHING])),
};

/** The rule of an operator, by its name in a file. Those that few models need are fetched. */
export async function findRule(op: string): Promise<Rule | undefined> {
  const rules = Object.hasOwn(RULES, op) ? RULES : (await import('./rules/extended.ts')).EXTENDED;
  return Object.hasOwn(rules, op) ? rules[op] : undefined;
}
