// What an optimizer is: a formula for each element of a weight, in expressions. One formula serves the CPU, both GPU
// backends, and the file of a training step. Formulas and defaults are torch's (2.13).

import { binary, constant, type Expression, unary } from '../../graph/ir/expression.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';

/** What a formula reads for one element. */
export interface Operands {
  readonly weight: Expression;
  readonly gradient: Expression;
  /** The optimizer's slots, in their order. */
  readonly slots: readonly Expression[];
  /** The numbers of `scalars`, in their order. */
  readonly scalars: readonly Expression[];
  /** What `direction` wrote, for optimizers that have it. */
  readonly direction?: Expression | undefined;
}

/** Names of tensors of the shape of the weight, in the graph of the step. */
export interface DirectionInputs {
  /** The gradient, clipped. */
  readonly gradient: string;
  /** The optimizer's slots, before the step. */
  readonly slots: readonly string[];
  readonly dims: readonly number[];
}

export interface Update {
  readonly weight: Expression;
  readonly slots: readonly Expression[];
}

export interface Optimizer {
  readonly name: string;
  /** What it keeps for each weight from step to step: names, and the values before the first step. */
  readonly slots: readonly { readonly name: string; readonly initial: number }[];
  /** Numbers of step `t`, from 1 on, at a learning rate. They are computed in float64, as powers of t are. */
  readonly scalars: (t: number, learningRate: number) => readonly number[];
  readonly update: (operands: Operands) => Update;
  /** For optimizers that look at a whole tensor at once: writes nodes into the graph of the step, and returns the name of
   * what the formula reads as `direction`, a tensor of the weight's shape. */
  readonly direction?: (writer: NodeWriter, inputs: DirectionInputs) => string;
  /** The optimizer of weights of that shape, where not all have the same one. Its formula reads the scalars of the whole.
   * Throws an EngineError for shapes that it does not take. */
  readonly of?: (dims: readonly number[]) => Optimizer;
}

export const plus = (a: Expression, b: Expression): Expression => binary('add', a, b);
export const minus = (a: Expression, b: Expression): Expression => binary('sub', a, b);
export const times = (a: Expression | number, b: Expression): Expression =>
  binary('mul', typeof a === 'number' ? constant(a) : a, b);
export const over = (a: Expression, b: Expression): Expression => binary('div', a, b);
export const root = (a: Expression): Expression => unary('sqrt', a);
export const squared = (a: Expression): Expression => binary('mul', a, a);

/** decay * mean + (1 - decay) * value: an exponential moving average. */
export const moving = (decay: number, mean: Expression, value: Expression): Expression =>
  plus(times(decay, mean), times(1 - decay, value));

/** The gradient of the loss with an added `decay / 2` times the square of the weight. */
export const withDecay = ({ weight, gradient }: Operands, decay: number): Expression =>
  decay === 0 ? gradient : plus(gradient, times(decay, weight));

const NONE = constant(0);

/** The slot or scalar of that index. */
export const at = (list: readonly Expression[], index: number): Expression => list[index] ?? NONE;
