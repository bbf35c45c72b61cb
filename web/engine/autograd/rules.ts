// The gradient rule of each operator.

import type { Rule } from './rules/backward-node.ts';
import { CLASSIFICATION_LOSS } from './rules/classification-loss.ts';
import { CONV } from './rules/conv.ts';
import { ELEMENTWISE } from './rules/elementwise.ts';
import { LOSS } from './rules/loss.ts';
import { MATMUL } from './rules/matmul.ts';
import { MOVEMENT } from './rules/movement.ts';
import { NORMALIZATION } from './rules/normalization.ts';
import { POOL } from './rules/pool.ts';
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

export const RULES: Readonly<Record<string, Rule>> = {
  ...CLASSIFICATION_LOSS,
  ...CONV,
  ...ELEMENTWISE,
  ...LOSS,
  ...MATMUL,
  ...MOVEMENT,
  ...NORMALIZATION,
  ...POOL,
  ...REDUCE,
  ...RESAMPLE,
  ...Object.fromEntries(FLAT.map(op => [op, NOTHING])),
};
