// Gradient clipping, as torch.nn.utils has it (2.13).

import { binary, constant, type Expression } from '../graph/ir/expression.ts';

export interface ClipOptions {
  /** All gradients together are made no longer than this (Pascanu et al. 2013), as clip_grad_norm_. */
  readonly norm?: number;
  /** Each element is brought to [-value, value], as clip_grad_value_; after the clipping by norm, if there are both. */
  readonly value?: number;
}

/** The clipped gradient, for a common scale of all gradients and a largest element. */
export function clipped(
  gradient: Expression,
  scale: Expression | undefined,
  value: number | undefined,
): Expression {
  const scaled = scale ? binary('mul', gradient, scale) : gradient;
  return value === undefined
    ? scaled
    : binary('min', binary('max', scaled, constant(-value)), constant(value));
}
