// Lion (Chen et al. 2023): the sign of a moving average. torch has no Lion; the defaults are the paper's.

import { unary } from '../../graph/ir/expression.ts';
import { at, minus, moving, type Optimizer, times } from './optimizer.ts';

export interface LionOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly weightDecay?: number;
}

export const lion = ({ beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionOptions = {}): Optimizer => ({
  name: 'lion',
  slots: [{ name: 'mean', initial: 0 }],
  scalars: (_, rate) => [rate, 1 - rate * weightDecay],
  update: ({ weight, gradient, slots, scalars }) => {
    const mean = at(slots, 0);
    const step = unary('sign', moving(beta1, mean, gradient));
    const kept = weightDecay === 0 ? weight : times(at(scalars, 1), weight);
    return { weight: minus(kept, times(at(scalars, 0), step)), slots: [moving(beta2, mean, gradient)] };
  },
});
