// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as torch.optim.Adam and AdamW. Keras has an epsilon of
// 1e-7; ONNX's Adam adds epsilon before it corrects the bias of the second moment.

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

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
}

/** Rate and the root of the second moment's correction, for step t. */
const corrections = (beta1: number, beta2: number, t: number, rate: number): [number, number] => [
  rate / (1 - beta1 ** t),
  1 / Math.sqrt(1 - beta2 ** t),
];

function makeAdam(
  name: string,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions,
  isDecoupled: boolean,
): Optimizer {
  return {
    name,
    slots: [
      { name: 'mean', initial: 0 },
      { name: 'mean square', initial: 0 },
    ],
    scalars: (t, rate) => [...corrections(beta1, beta2, t, rate), 1 - rate * weightDecay],
    update: operands => {
      const [rate, correction, kept] = [0, 1, 2].map(i => at(operands.scalars, i));
      const gradient = isDecoupled ? operands.gradient : withDecay(operands, weightDecay);
      const mean = moving(beta1, at(operands.slots, 0), gradient);
      const square = moving(beta2, at(operands.slots, 1), squared(gradient));
      const deviation = plus(times(correction ?? 1, root(square)), constant(epsilon));
      const weight = isDecoupled ? times(kept ?? 1, operands.weight) : operands.weight;
      return { weight: minus(weight, over(times(rate ?? 1, mean), deviation)), slots: [mean, square] };
    },
  };
}

export const adam = (options: AdamOptions = {}): Optimizer => makeAdam('adam', options, false);

/** The weight shrinks by itself, not by the gradient. */
export const adamw = (options: AdamOptions = {}): Optimizer =>
  makeAdam('adamw', { weightDecay: 0.01, ...options }, true);
