// Stochastic gradient descent (Robbins and Monro 1951), with momentum (Polyak 1964) or Nesterov's (1983), as
// torch.optim.SGD. Batch and mini-batch descent are the same formula: they differ in the batch.

import { at, minus, type Optimizer, plus, times, withDecay } from './optimizer.ts';

export interface SgdOptions {
  readonly momentum?: number;
  /** The part of the gradient that momentum leaves out, but not in the first step. */
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
}

/** v = momentum * v + gradient; weight -= rate * v. Other libraries multiply the rate into v, which differs when the rate
 * changes. */
export function sgd({
  momentum = 0,
  dampening = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions = {}): Optimizer {
  if (momentum === 0) {
    return {
      name: 'sgd',
      slots: [],
      scalars: (_, rate) => [rate],
      update: operands => ({
        weight: minus(operands.weight, times(at(operands.scalars, 0), withDecay(operands, weightDecay))),
        slots: [],
      }),
    };
  }
  return {
    name: nesterov ? 'nesterov' : 'momentum',
    slots: [{ name: 'velocity', initial: 0 }],
    scalars: (t, rate) => [rate, t === 1 ? 1 : 1 - dampening],
    update: operands => {
      const gradient = withDecay(operands, weightDecay);
      const [rate, share] = [at(operands.scalars, 0), at(operands.scalars, 1)];
      const velocity = plus(times(momentum, at(operands.slots, 0)), times(share, gradient));
      const step = nesterov ? plus(gradient, times(momentum, velocity)) : velocity;
      return { weight: minus(operands.weight, times(rate, step)), slots: [velocity] };
    },
  };
}
