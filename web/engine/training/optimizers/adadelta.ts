// Adadelta (Zeiler 2012), as torch.optim.Adadelta. Zeiler has a decay of 0.95; TensorFlow.js also a rate of 0.001.

import { constant } from '../../graph/ir/expression.ts';
import {
  at,
  minus,
  moving,
  type Optimizer,
  over,
  plus,
  root,
  squared,
  times,
  withDecay,
} from './optimizer.ts';

export interface AdadeltaOptions {
  readonly rho?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

export const adadelta = ({
  rho = 0.9,
  epsilon = 1e-6,
  weightDecay = 0,
}: AdadeltaOptions = {}): Optimizer => ({
  name: 'adadelta',
  slots: [
    { name: 'mean square', initial: 0 },
    { name: 'mean square of steps', initial: 0 },
  ],
  scalars: (_, rate) => [rate],
  update: operands => {
    const gradient = withDecay(operands, weightDecay);
    const square = moving(rho, at(operands.slots, 0), squared(gradient));
    const steps = at(operands.slots, 1);
    const scale = over(root(plus(steps, constant(epsilon))), root(plus(square, constant(epsilon))));
    const step = times(scale, gradient);
    return {
      weight: minus(operands.weight, times(at(operands.scalars, 0), step)),
      slots: [square, moving(rho, steps, squared(step))],
    };
  },
});
