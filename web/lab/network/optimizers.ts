/** The optimizers that a network can be trained with, as they are called in the address and by `limner lab`. */
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  lion,
  muonWith,
  type Optimizer,
  rmsprop,
  sgd,
} from '../../engine/training/index.ts';
import type { About } from '../shell/explain.ts';

export type OptimizerName =
  | 'sgd'
  | 'momentum'
  | 'nesterov'
  | 'adagrad'
  | 'adadelta'
  | 'rmsprop'
  | 'adam'
  | 'adamw'
  | 'lion'
  | 'muon';

/** Momentum and Nesterov have 0.9, as `limner lab` has it. */
const MOMENTUM = 0.9;

const MAKE: Readonly<Record<OptimizerName, () => Optimizer>> = {
  sgd: () => sgd(),
  momentum: () => sgd({ momentum: MOMENTUM }),
  nesterov: () => sgd({ momentum: MOMENTUM, nesterov: true }),
  adagrad: () => adagrad(),
  adadelta: () => adadelta(),
  rmsprop: () => rmsprop(),
  adam: () => adam(),
  adamw: () => adamw(),
  lion: () => lion(),
  muon: () => muonWith(adamw()),
};

export const OPTIMIZERS: readonly (readonly [OptimizerName, string])[] = [
  ['sgd', 'Gradient descent'],
  ['momentum', 'Momentum'],
  ['nesterov', 'Nesterov'],
  ['adagrad', 'Adagrad'],
  ['adadelta', 'Adadelta'],
  ['rmsprop', 'RMSprop'],
  ['adam', 'Adam'],
  ['adamw', 'AdamW'],
  ['lion', 'Lion'],
  ['muon', 'Muon, AdamW for biases'],
];

export const OPTIMIZER_NAMES = OPTIMIZERS.map(([name]) => name);

const made = new Map<OptimizerName, Optimizer>();

/** The same object each time, so that a training goes on where nothing changed. */
export function optimizerOf(name: OptimizerName): Optimizer {
  const optimizer = made.get(name) ?? MAKE[name]();
  made.set(name, optimizer);
  return optimizer;
}

/** Learning rates that suit each optimizer, where a tab knows no better. */
export const USUAL_RATES: Readonly<Record<OptimizerName, number>> = {
  sgd: 0.3,
  momentum: 0.05,
  nesterov: 0.05,
  adagrad: 0.05,
  adadelta: 1,
  rmsprop: 0.01,
  adam: 0.01,
  adamw: 0.01,
  lion: 0.002,
  muon: 0.02,
};

/** Rates that suit networks of pictures. */
export const PICTURE_RATES: Readonly<Record<OptimizerName, number>> = {
  sgd: 0.1,
  momentum: 0.02,
  nesterov: 0.02,
  adagrad: 0.02,
  adadelta: 1,
  rmsprop: 0.001,
  adam: 0.002,
  adamw: 0.002,
  lion: 0.0003,
  muon: 0.01,
};

export const TRAINING_ABOUT = {
  optimizer: {
    what: 'The rule by which weights follow their gradients. It can be changed while the network learns.',
    how: 'The tab Descent shows each of them on two weights. What an optimizer has gathered begins anew after a change; the weights stay.',
    formula: 'w ← w − η · (what the optimizer makes of ∇L)',
  },
  rate: {
    what: 'How long the steps are. It can be changed while the network learns.',
    how: 'Too small, and nothing happens for long. Too large, and the loss jumps about or grows beyond all bounds.',
    formula: 'η in w ← w − η ∇L',
  },
  batch: {
    what: 'How many examples each step looks at.',
    how: 'Large batches have calm gradients and cost more. Their order is drawn anew in each epoch.',
    formula: 'L = 1/B · Σ Lᵢ over the batch',
  },
  epochs: {
    what: 'How many times the network sees all of the examples before it stops.',
    how: 'Double it where the loss still falls at the end.',
    formula: 'steps = epochs · ⌊N / B⌋',
  },
  seed: {
    what: 'The beginning of all random numbers: the same seed gives the same curve.',
    how: 'It draws the first weights, as torch.manual_seed does, and the order of the examples.',
    formula: 'w₀ ~ U(−1/√n, 1/√n), n the inputs of a unit',
  },
} as const satisfies Readonly<Record<string, About>>;
