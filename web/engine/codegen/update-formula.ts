// The update of a parameter, as kernels and draws read it.

import type { Expression } from '../graph/ir/expression.ts';

/** What a formula reads: the parameter, its gradient, what the optimizer keeps for it, the number that all gradients are
 * multiplied by, and a further output of the graph. */
export type UpdateRead = 'weight' | 'gradient' | `slot_${number}` | 'scale' | 'direction';

/** New values of a parameter and of its slots. The scalars of the step are live inputs. */
export interface UpdateFormula {
  /** By the indices of the expressions' inputs. */
  readonly reads: readonly UpdateRead[];
  /** The parameter's, and then those of the slots in their order. */
  readonly results: readonly Expression[];
}
