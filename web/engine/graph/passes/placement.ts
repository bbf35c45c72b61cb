// Where a tensor is normalized: as it is, or with whole groups as its channels.

import { type Expression, rewrite } from '../ir/expression.ts';
import type { Normalization, Operation } from '../ir/operation.ts';
import { makeTensor, type Shape, type Tensor } from '../ir/tensor.ts';
import { contains } from './factors.ts';
import { findNormalizedAxes, type Grouping, type NormalizedAxes } from './grouping.ts';
import { reshapeTo } from './reshape.ts';

/** What is normalized, and how. */
export interface Placement extends NormalizedAxes {
  readonly from: Tensor;
}

export function emitNormalization(
  { from, ...how }: Placement & Pick<Normalization, 'inverse' | 'epilogue'>,
  name: string,
  before: Operation[],
): Tensor {
  const output = makeTensor(`${from.name} normalized for ${name}`, from.dims);
  before.push({ kind: 'normalization', name, inputs: [from], output, ...how });
  return output;
}

/** The tensor to normalize: x, or x with whole groups as its channels. What makes that goes to `before`. */
export function findPlacement(
  x: Tensor,
  grouping: Grouping,
  name: string,
  before: Operation[],
): Placement | null {
  const whole = findNormalizedAxes(x.shape, grouping);
  if (whole) return { from: x, ...whole };
  const [n, c, h, w] = x.shape;
  const channels = grouping.each / (h * w);
  if (!Number.isInteger(channels) || c % channels !== 0) return null;
  const shape = [n, c / channels, channels * h, w] as const;
  const found = findNormalizedAxes(shape, grouping);
  if (!found) return null;
  const from = makeTensor(`${x.name} in groups for ${name}`, shape);
  before.push(reshapeTo(from, x, name));
  return { from, ...found };
}

/** The epilogue for more channels, each group of which had one number. Undefined if that is impossible. */
export function repeatChannels(
  epilogue: Expression | null,
  before: Shape,
  after: Shape,
): Expression | null | undefined {
  if (!epilogue) return null;
  const each = after[1] / before[1];
  if (contains(epilogue, 'laneMatrix')) return undefined;
  if (!contains(epilogue, 'perChannel')) return epilogue;
  if (before[0] !== after[0] || !Number.isInteger(each)) return undefined;
  return rewrite(epilogue, leaf => {
    if (leaf.kind !== 'perChannel') return leaf;
    const values = Float32Array.from({ length: after[1] }, (_, i) => leaf.values[Math.floor(i / each)] ?? 0);
    return { kind: 'perChannel', values };
  });
}
