// The updates of parameters as the GPU backends compile them.

import type { UpdateFormula, UpdateRead } from '../codegen/update-formula.ts';
import type { Constant } from '../onnx/constant.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';
import { makeUpdate } from './update.ts';

/** The update of a parameter, and where what it reads is. */
export function formulaOf(step: TrainingStep, optimizer: Optimizer, parameter: Constant): UpdateFormula {
  const { name } = parameter;
  const { inputs, results, slots } = makeUpdate(step, optimizer, parameter);
  const kept = [...slots.keys()];
  const places = new Map<string | undefined, UpdateRead>([
    ...kept.map((slot, i) => [slot, `slot_${i}`] as const),
    [step.directions.get(name), 'direction'],
    [step.gradientScale, 'scale'],
    [step.gradients.get(name), 'gradient'],
    [name, 'weight'],
  ]);
  const reads = inputs.map(one => places.get(one) ?? 'weight');
  return { reads, results: results.map(({ value }) => value) };
}

/** What the optimizer keeps for a parameter. */
export const slotsOf = (
  step: TrainingStep,
  optimizer: Optimizer,
): ((parameter: string) => readonly string[]) => {
  const slots = step.parameters.map(
    one => [one.name, [...makeUpdate(step, optimizer, one).slots.keys()]] as const,
  );
  const known = new Map(slots);
  return parameter => known.get(parameter) ?? [];
};
