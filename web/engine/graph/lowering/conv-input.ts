// What a convolution reads: its input as it was before it was padded with its edge or with zeros, or its
// pixels doubled. The convolution does all of it by its addresses, so that none costs a dispatch or a buffer.
// For other readers, they are computed.

import type { Convolution, Operation } from '../ir/operation.ts';
import { doubledBy } from '../ir/subpixel.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { NodeReader } from './builder.ts';

/** [top, left, bottom, right], as in ONNX. */
export type Pads = readonly [number, number, number, number];

export const makerOf = ({ builder }: NodeReader, tensor: Tensor): Operation | undefined =>
  builder.operations.find(({ output }) => output === tensor);

/** The tensor that was padded to make this one, and how; null if it was made otherwise. */
export function findPadded(
  node: NodeReader,
  tensor: Tensor,
): { tensor: Tensor; pads: Pads; padding: Convolution['padding'] } | null {
  const maker = makerOf(node, tensor);
  const source = maker?.inputs[0];
  if (!source || maker.kind !== 'movement' || maker.map.kind === 'view') return null;
  const { map } = maker;
  const [top, left, ...others] = [map.before[2], map.before[3], map.before[0], map.before[1]];
  const after = tensor.shape.map((size, i) => size - (source.shape[i] ?? 0) - (map.before[i] ?? 0));
  const [n, c, bottom = 0, right = 0] = after;
  const pads = [top, left, bottom, right] as const;
  if (others.some(pad => pad) || n || c || Math.min(...pads) < 0) return null;
  if (map.kind === 'pad') return map.value === 0 ? { tensor: source, pads, padding: 'zero' } : null;
  // The second pixel of a doubled picture is its first again.
  const isEdge = Math.max(...pads) < 2 && map.mode === 'reflect' && findDoubled(node, source);
  return map.mode === 'edge' || isEdge ? { tensor: source, pads, padding: 'edge' } : null;
}

/** The tensor of which each pixel became two by two in this one; null if it was made otherwise. */
export const findDoubled = (node: NodeReader, tensor: Tensor): Tensor | null =>
  doubledBy(makerOf(node, tensor));
