// The gradient rules of operators that our own looks do not use. Fetched when a model has one.

import type { Rule } from './backward-node.ts';
import { CLASSIFICATION_LOSS } from './classification-loss.ts';
import { ELEMENTWISE_EXTENDED } from './elementwise-extended.ts';
import { GEMM } from './gemm.ts';
import { LOSS } from './loss.ts';
import { MOVEMENT_EXTENDED } from './movement-extended.ts';
import { NORMALIZATION } from './normalization.ts';
import { POOL } from './pool.ts';
import { REDUCE_EXTENDED } from './reduce-extended.ts';
import { RESAMPLE_EXTENDED } from './resample-extended.ts';

export const EXTENDED: Readonly<Record<string, Rule>> = {
  ...CLASSIFICATION_LOSS,
  ...ELEMENTWISE_EXTENDED,
  ...GEMM,
  ...LOSS,
  ...MOVEMENT_EXTENDED,
  ...NORMALIZATION,
  ...POOL,
  ...REDUCE_EXTENDED,
  ...RESAMPLE_EXTENDED,
};
