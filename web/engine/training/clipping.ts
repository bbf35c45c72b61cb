// Gradient clipping, as torch.nn.utils has it (2.13).

import { binary, constant, type Expression } from '../graph/ir/expression.ts';
import type { NodeWriter } from '../onnx/node-writer.ts';

export interface ClipOptions {
  /** All gradients together are made no longer than this (Pascanu et al. 2013), as clip_grad_norm_. */
  readonly norm?: number;
  /** Each element is brought to [-value, value], as clip_grad_value_; after the clipping by norm, if there are both. */
  readonly value?: number;
}

export interface NamedShape {
  readonly name: string;
  readonly dims: readonly number[];
}

/** What torch adds to the length before it divides by it. */
const EPSILON = 1e-6;

/** Writes the number, of shape [1], that every gradient is multiplied by: norm / length, but at most 1. */
export function writeGradientScale(
  writer: NodeWriter,
  gradients: readonly NamedShape[],
  norm: number,
): string {
  const squares = gradients.map(({ name, dims }) =>
    writer.reshape(
      writer.sum(
        writer.times(name, name),
        dims.map((_, i) => i),
      ),
      [1],
    ),
  );
  const length = writer.add('Sqrt', [writer.add('Sum', squares)]);
  const scale = writer.over(writer.number(norm), writer.shifted(length, EPSILON));
  return writer.addNamed(writer.freeName('gradient scale'), 'Min', [scale, writer.number(1)]);
}

/** The clipped gradient as a node, for what reads it before the update. */
export function writeClipped(
  writer: NodeWriter,
  gradient: string,
  scale: string | undefined,
  value: number | undefined,
): string {
  const scaled = scale ? writer.times(gradient, scale) : gradient;
  if (value === undefined) return scaled;
  return writer.add('Min', [writer.add('Max', [scaled, writer.number(-value)]), writer.number(value)]);
}

/** The same as an expression. */
export function clipped(
  gradient: Expression,
  scale: Expression | undefined,
  value: number | undefined,
): Expression {
  const scaled = scale ? binary('mul', gradient, scale) : gradient;
  return value === undefined
    ? scaled
    : binary('min', binary('max', scaled, constant(-value)), constant(value));
}
