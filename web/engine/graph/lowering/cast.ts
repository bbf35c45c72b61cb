// Lowering of casts and dequantization, as far as our own looks need them. Everything is computed in float32; weights
// keep the file's type. `quantize.ts` and `shape-ops.ts` have the rest.

import { isInteger } from '../../onnx/constant.ts';
import type { NodeReader } from './builder.ts';

/** float32, float16 and float64: all are computed in float32. */
export const FLOATS = [1, 10, 11];

/** Whether nothing changes: from one float type to another. */
export function isToFloat(node: NodeReader): boolean {
  const value = node.value(0);
  const whole = value.kind === 'constant' && isInteger(value.constant);
  return FLOATS.includes(node.int('to', 1)) && !whole;
}

export function lowerCast(node: NodeReader): void {
  node.define(node.value(0));
}

/** Whether it dequantizes a constant with one scale per element of an axis, or one for all. */
export const isByAxis = (node: NodeReader): boolean =>
  node.value(0).kind === 'constant' && node.int('block_size', 0) === 0;

export function lowerDequantize(node: NodeReader): void {
  const constant = node.constant(0);
  const scale = node.floats(1);
  const zero = node.has(2) ? node.floats(2) : new Float32Array(scale.length);
  const listed = node.int('axis', 1);
  // A single scale has no axis. The default axis may then be beyond the last.
  const axis = scale.length === 1 ? 0 : node.axis(listed, constant.dims.length);
  if ((scale.length !== 1 && scale.length !== constant.dims[axis]) || zero.length !== scale.length) {
    throw node.fail(
      `has ${scale.length} scales and ${zero.length} zero points, which do not fit its axis ${listed}.`,
    );
  }
  node.define({ kind: 'quantized', constant, scale, zero, axis });
}
