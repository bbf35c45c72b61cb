// RMSprop (Tieleman and Hinton 2012), as torch.optim.RMSprop. Hinton's lecture and TensorFlow.js have a decay of 0.9, and
// TensorFlow adds epsilon within the root.

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

export interface RmspropOptions {
  readonly alpha?: number;
  readonly epsilon?: number;
  readonly momentum?: number;
  /** Whether the mean is taken off the mean square (Graves 2013). */
  readonly centered?: boolean;
  readonly weightDecay?: number;
}

export function rmsprop({
  alpha = 0.99,
  epsilon = 1e-8,
  momentum = 0,
  centered = false,
  weightDecay = 0,
}: RmspropOptions = {}): Optimizer {
  const names = ['mean square', ...(centered ? ['mean'] : []), ...(momentum > 0 ? ['velocity'] : [])];
  return {
    name: 'rmsprop',
    slots: names.map(name => ({ name, initial: 0 })),
    scalars: (_, rate) => [rate],
    update: operands => {
      const gradient = withDecay(operands, weightDecay);
      const slot = (name: string) => at(operands.slots, names.indexOf(name));
      const square = moving(alpha, slot('mean square'), squared(gradient));
      const mean = moving(alpha, slot('mean'), gradient);
      const spread = centered ? minus(square, squared(mean)) : square;
      const scaled = over(gradient, plus(root(spread), constant(epsilon)));
      const step = momentum > 0 ? plus(times(momentum, slot('velocity')), scaled) : scaled;
      return {
        weight: minus(operands.weight, times(at(operands.scalars, 0), step)),
        slots: [square, ...(centered ? [mean] : []), ...(momentum > 0 ? [step] : [])],
      };
    },
  };
}
