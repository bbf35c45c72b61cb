/** The optimizers of networks of a place. */
import { adam, type Optimizer } from '../../engine/training/index.ts';
import { type OptimizerName, optimizerOf } from '../network/optimizers.ts';

/** Gradients of nodes of a grid are small: the usual epsilon would slow them. */
const ADAM = adam({ epsilon: 1e-15 });

/** The same object each time, so that a training goes on where nothing changed. */
export const painterOptimizer = (name: OptimizerName): Optimizer =>
  name === 'adam' ? ADAM : optimizerOf(name);
