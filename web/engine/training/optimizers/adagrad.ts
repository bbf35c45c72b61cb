// Adagrad (Duchi, Hazan and Singer 2011), as torch.optim.Adagrad. Keras and TensorFlow.js start the sum at 0.1.

import { constant } from '../../graph/ir/expression.ts';
import { at, minus, type Optimizer, over, plus, root, squared, times, withDecay } from './optimizer.ts';

export interface AdagradOptions {
  readonly epsilon?: number;
  /** Of the sum of squares. */
  readonly initial?: number;
  /** Of the rate: rate / (1 + (t - 1) * rateDecay). */
  readonly rateDecay?: number;
  readonly weightDecay?: number;
}

export const adagrad = ({
  epsilon = 1e-10,
  initial = 0,
  rateDecay = 0,
  weightDecay = 0,
}: AdagradOptions = {}): Optimizer => ({
  name: 'adagrad',
  slots: [{ name: 'sum', initial }],
  scalars: (t, rate) => [rate / (1 + (t - 1) * rateDecay)],
  update: operands => {
    const gradient = withDecay(operands, weightDecay);
    const sum = plus(at(operands.slots, 0), squared(gradient));
    const step = over(gradient, plus(root(sum), constant(epsilon)));
    return { weight: minus(operands.weight, times(at(operands.scalars, 0), step)), slots: [sum] };
  },
});
