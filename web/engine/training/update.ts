// The update of one parameter in expressions: the optimizer's formula. The CPU evaluates them, and the GPU backends compile
// them.

import { type Expression, input } from '../graph/ir/expression.ts';
import { slotName } from './backend.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';

export interface ParameterUpdate {
  /** Names of the tensors that the expressions read, by the indices of their inputs: the parameter, its gradient, and the
   * optimizer's slots (`slotName`). The scalars are live inputs. */
  readonly inputs: readonly string[];
  /** New values, of the parameter and of the slots. All of them are computed before one is stored. */
  readonly results: readonly { readonly target: string; readonly value: Expression }[];
  /** Values of the slots before the first step, by their names. */
  readonly slots: ReadonlyMap<string, number>;
}

export function makeUpdate(
  step: TrainingStep,
  optimizer: Optimizer,
  { name }: { readonly name: string; readonly dims: readonly number[] },
): ParameterUpdate {
  const slots = optimizer.slots.map(slot => slotName(name, slot.name));
  const made = optimizer.update({
    weight: input(0),
    gradient: input(1),
    slots: slots.map((_, i) => input(i + 2)),
    scalars: optimizer.scalars(1, 0).map((_, index): Expression => ({ kind: 'live', index })),
  });
  const targets = [name, ...slots];
  return {
    inputs: [name, step.gradients.get(name) ?? '', ...slots],
    results: [made.weight, ...made.slots].map((value, i) => ({ target: targets[i] ?? '', value })),
    slots: new Map(optimizer.slots.map((slot, i) => [slots[i] ?? '', slot.initial])),
  };
}
