// Lowering of products and quotients, of quantized values too.

import type { NodeReader, Quantized, Value } from './builder.ts';
import { broadcast } from './elementwise.ts';
import { ELEMENTWISE_EXTENDED } from './elementwise-extended.ts';

/** Mul and Div. A quantized value times one number per element of its axis stays quantized: the scale absorbs the
 * factor, and no memory is needed. */
export function lowerScaled(node: NodeReader): void {
  const [left, right] = [node.value(0), node.value(1)];
  const divides = node.node.op === 'Div';
  const made =
    scaleQuantized(node, left, right, divides) ?? (divides ? null : scaleQuantized(node, right, left, false));
  if (made) node.define(made);
  else ELEMENTWISE_EXTENDED[node.node.op]?.(node);
}

/** Null if the factors vary along another axis or would broadcast the value. */
function scaleQuantized(node: NodeReader, value: Value, by: Value, divides: boolean): Quantized | null {
  if (value.kind !== 'quantized') return null;
  const { dims } = value.constant;
  if (by.kind !== 'constant' || !by.constant.type.startsWith('float')) return null;
  const all = broadcast(node, [dims, by.constant.dims]);
  if (all.length !== dims.length || all.some((dim, i) => dim !== dims[i])) return null;
  const shift = dims.length - by.constant.dims.length;
  const moving = by.constant.dims.flatMap((dim, i) => (dim === 1 ? [] : [i + shift]));
  const [axis = value.axis] = value.scale.length > 1 ? [value.axis] : moving;
  if (moving.some(other => other !== axis)) return null;
  const factors = node.builder.floats(by.constant);
  const count = Math.max(value.scale.length, factors.length);
  const spread = (numbers: Float32Array, i: number) => numbers[numbers.length === 1 ? 0 : i] ?? 0;
  const scale = Float32Array.from({ length: count }, (_, i) => {
    const [own, factor] = [spread(value.scale, i), spread(factors, i)];
    return divides ? own / factor : own * factor;
  });
  const zero = Float32Array.from({ length: count }, (_, i) => spread(value.zero, i));
  return { ...value, scale, zero, axis };
}
