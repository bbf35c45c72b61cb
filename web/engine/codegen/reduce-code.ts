// How a reduction combines two values, and the value that it starts from.

import type { Reduce } from '../graph/ir/operation.ts';

export const NEUTRAL: Readonly<Record<Reduce['how'], string>> = {
  sum: '0.0',
  product: '1.0',
  max: '-3.4028234e38',
  min: '3.4028234e38',
};
export const COMBINE: Readonly<Record<Reduce['how'], string>> = {
  sum: 'a + b',
  product: 'a * b',
  max: 'max(a, b)',
  min: 'min(a, b)',
};
