// Lowering of nodes that move elements, which our own looks only need to learn. They are views, as in `movement.ts`.

import { sizeOf } from '../../onnx/constant.ts';
import { input } from '../ir/expression.ts';
import { isReshape } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { foldElementwise } from './constant-folding.ts';
import { makerOf } from './conv-input.ts';
import { broadcast } from './elementwise.ts';
import { reshape } from './movement.ts';

/** Broadcasts to the given shape. */
export function lowerExpand(node: NodeReader): void {
  const value = node.value(0);
  const dims = broadcast(node, [dimsOf(value), node.integers(1)]);
  sizeOf(dims, node.output);
  node.define(foldElementwise(node, dims, [value], ([x = input(0)]) => x));
}

export function lowerIdentity(node: NodeReader): void {
  node.define(node.value(0));
}

export function lowerReshape(node: NodeReader): void {
  const before = dimsOf(node.value(0));
  const asked = node.has(1) ? node.integers(1) : (node.ints('shape') ?? []);
  const keepZero = node.int('allowzero', 0) === 1;
  const dims = asked.map((dim, i) => (dim === 0 && !keepZero ? (before[i] ?? 0) : dim));
  const known = productOf(dims.filter(dim => dim !== -1));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = known === 0 ? 0 : sizeOf(before, node.output) / known;
  defineReshaped(node, dims);
}

/** Defines the output as the input in another shape. */
export const defineReshaped = (node: NodeReader, dims: readonly number[]): void => {
  const value = node.value(0);
  node.define(reshapeQuantized(value, dims) ?? reshape(node, beforeReshape(node, value), dims));
};

/** The value that was reshaped to this one, which is the same to all that reshape it again. */
export function beforeReshape(node: NodeReader, value: Value): Value {
  const maker = value.kind === 'tensor' ? makerOf(node, value.tensor) : undefined;
  const source = maker?.inputs[0];
  if (!source || maker.inputs.length > 1 || productOf(source.dims) !== productOf(dimsOf(value))) return value;
  const isCopy = maker.kind === 'elementwise' && maker.epilogue.kind === 'input';
  return isCopy || (maker.kind === 'movement' && isReshape(maker))
    ? { kind: 'tensor', tensor: source }
    : value;
}

/** Keeps quantized values quantized if the axis of the scales stays one axis; else null. */
function reshapeQuantized(value: Value, dims: readonly number[]): Value | null {
  if (value.kind !== 'quantized') return null;
  const { constant, scale, axis } = value;
  const before = constant.dims;
  if (productOf(before) !== productOf(dims)) return null;
  const outer = productOf(before.slice(0, axis));
  const moved = dims.findIndex((dim, i) => dim === before[axis] && productOf(dims.slice(0, i)) === outer);
  const kept = scale.length === 1 ? 0 : moved;
  return kept < 0 ? null : { ...value, constant: { ...constant, dims }, axis: kept };
}
