// Splits a plan's operations into draws. A matrix on the left and one on the right are a draw each: along rows, then
// along columns.

import type { Operation, Resample } from '../../graph/ir/operation.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import type { DrawStep, DrawSteps, MakeTensor } from './step.ts';

export async function splitPasses(operations: readonly Operation[]): Promise<DrawSteps> {
  const temporaries: Tensor[] = [];
  const temporary: MakeTensor = (name, shape) => {
    const tensor = { name, dims: shape, shape, constant: null };
    temporaries.push(tensor);
    return tensor;
  };
  const steps: DrawStep[] = [];
  for (const operation of operations) {
    if (operation.kind === 'normalization' || operation.kind === 'reduce') {
      const { reduceOrNormalizePasses } = await import('./extended.ts');
      steps.push(...reduceOrNormalizePasses(operation, temporary));
    } else if (operation.kind === 'resample') steps.push(...resamplePasses(operation, temporary));
    else steps.push(operation);
  }
  return { steps, temporaries };
}

function resamplePasses(operation: Resample, temporary: MakeTensor): DrawStep[] {
  const [image, ...others] = operation.inputs;
  const { left, right, output, name } = operation;
  if (!image || !left || !right) return [operation];
  const [n, c, h] = image.shape;
  const middle = temporary(`${name} rows`, [n, c, h, output.shape[3]]);
  return [
    { ...operation, inputs: [image], left: null, output: middle, epilogue: null },
    { ...operation, inputs: [middle, ...others], right: null },
  ];
}
