// What a plan's operations are as draws. A matrix from the left and one from the right are a draw each:
// along rows, then along columns.

import type { Expression } from '../../graph/ir/expression.ts';
import type { Normalise, Operation, Resample, Shape, Tensor } from '../../graph/ir/operation.ts';

/** The sum of squares along rows, of distances of inputs[0] from the mean in inputs[1]; or along columns, of
 * inputs[0] itself. */
export interface Deviation {
  readonly kind: 'deviation';
  readonly name: string;
  readonly along: 'rows' | 'columns';
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly epilogue: Expression | null;
}
export type Step = Exclude<Operation, Normalise> | Deviation;

export interface Steps {
  readonly steps: readonly Step[];
  /** Tensors that the plan knows nothing of. */
  readonly temporaries: readonly Tensor[];
}

export async function stepsOf(operations: readonly Operation[]): Promise<Steps> {
  const temporaries: Tensor[] = [];
  const temporary: Temporary = (name, shape) => {
    const tensor = { name, dims: shape, shape, constant: null };
    temporaries.push(tensor);
    return tensor;
  };
  const steps: Step[] = [];
  for (const operation of operations) {
    if (operation.kind === 'normalise' || operation.kind === 'reduce') {
      const { sumSteps } = await import('./extended.ts');
      steps.push(...sumSteps(operation, temporary));
    } else if (operation.kind === 'resample') steps.push(...resampleSteps(operation, temporary));
    else steps.push(operation);
  }
  return { steps, temporaries };
}

/** Makes a tensor that the plan knows nothing of. */
export type Temporary = (name: string, shape: Shape) => Tensor;

function resampleSteps(operation: Resample, temporary: Temporary): Step[] {
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
