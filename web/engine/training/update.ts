// The update of one parameter in expressions: the optimizer's formula with the clipped gradient. The CPU evaluates them,
// and the GPU backends compile them.

import { type Expression, input } from '../graph/ir/expression.ts';
import { slotName } from './backend.ts';
import { clipped } from './clipping.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';

export interface ParameterUpdate {
  /** Names of the tensors that the expressions read, by the indices of their inputs: the parameter, its gradient, the
   * optimizer's slots (`slotName`), then the gradient scale and the direction, if there are any. The scalars are live
   * inputs. */
  readonly inputs: readonly string[];
  /** New values, of the parameter and of the slots. All of them are computed before one is stored. */
  readonly results: readonly { readonly target: string; readonly value: Expression }[];
  /** Values of the slots before the first step, by their names. */
  readonly slots: ReadonlyMap<string, number>;
}

export function makeUpdate(
  step: TrainingStep,
  optimizer: Optimizer,
  { name, dims }: { readonly name: string; readonly dims: readonly number[] },
): ParameterUpdate {
  const own = optimizer.of?.(dims) ?? optimizer;
  const slots = own.slots.map(slot => slotName(name, slot.name));
  const inputs = [name, step.gradients.get(name) ?? '', ...slots];
  const further = (tensor: string | undefined) =>
    tensor === undefined ? undefined : input(inputs.push(tensor) - 1);
  const scale = further(step.gradientScale);
  const direction = further(step.directions.get(name));
  const made = own.update({
    weight: input(0),
    gradient: clipped(input(1), scale, step.clipValue),
    slots: slots.map((_, i) => input(i + 2)),
    scalars: optimizer.scalars(1, 0).map((_, index): Expression => ({ kind: 'live', index })),
    direction,
  });
  const targets = [name, ...slots];
  return {
    inputs,
    results: [made.weight, ...made.slots].map((value, i) => ({ target: targets[i] ?? '', value })),
    slots: new Map(own.slots.map((slot, i) => [slots[i] ?? '', slot.initial])),
  };
}
