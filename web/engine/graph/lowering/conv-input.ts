// What a convolution reads: its input as it was before its edge was repeated around it, or its pixels. The convolution
// does both by its addresses, so that neither costs a dispatch or a buffer. For other readers, both are computed.

import type { BandedMatrix, Operation } from '../ir/operation.ts';
import type { Tensor } from '../ir/tensor.ts';
import type { NodeReader } from './builder.ts';

/** [top, left, bottom, right], as in ONNX. */
export type Pads = readonly [number, number, number, number];

const makerOf = ({ builder }: NodeReader, tensor: Tensor): Operation | undefined =>
  builder.operations.find(({ output }) => output === tensor);

/** The tensor whose edge was repeated to make this one, and how often; null if it was made otherwise. */
export function findPadded(node: NodeReader, tensor: Tensor): { tensor: Tensor; pads: Pads } | null {
  const maker = makerOf(node, tensor);
  const source = maker?.inputs[0];
  if (!source || maker.kind !== 'movement' || maker.map.kind !== 'extend' || maker.map.mode !== 'edge')
    return null;
  const { before } = maker.map;
  const [n, c, bottom, right] = tensor.shape.map(
    (size, i) => size - (source.shape[i] ?? 0) - (before[i] ?? 0),
  );
  if (before[0] || before[1] || n || c) return null;
  return { tensor: source, pads: [before[2], before[3], bottom ?? 0, right ?? 0] };
}

/** The tensor of which each pixel became two by two in this one; null if it was made otherwise. */
export function findDoubled(node: NodeReader, tensor: Tensor): Tensor | null {
  const maker = makerOf(node, tensor);
  const source = maker?.inputs[0];
  if (!source || maker.kind !== 'resample') return null;
  const [, , height, width] = source.shape;
  return isDoubling(maker.left, height) && isDoubling(maker.right, width) ? source : null;
}

const isDoubling = (band: BandedMatrix | null, size: number): boolean =>
  band?.rows === 2 * size &&
  band.width === 1 &&
  band.starts.every((start, row) => start === row >> 1 && band.weights[row] === 1);
