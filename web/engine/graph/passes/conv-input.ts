// Folds into a convolution's addresses what was done to its input: padding that repeats the edge, and doubling by
// repeating pixels. Neither then costs a dispatch or a buffer. What others read of it is computed as before.

import type { BandedMatrix, ConvAxis, Convolution, Movement, Operation, Resample } from '../ir/operation.ts';
import { SUBPIXEL_AXIS, sumWeights } from '../ir/subpixel.ts';
import type { Tensor } from '../ir/tensor.ts';

type Makers = ReadonlyMap<Tensor, Operation>;

export function foldConvInputs(operations: readonly Operation[]): Operation[] {
  const makers: Makers = new Map(operations.map(operation => [operation.output, operation]));
  return operations.map(operation => {
    if (operation.kind !== 'convolution') return operation;
    let current = operation;
    for (let next = foldInput(current, makers); next; next = foldInput(current, makers)) current = next;
    return current;
  });
}

function foldInput(convolution: Convolution, makers: Makers): Convolution | null {
  const [tensor, ...others] = convolution.inputs;
  const maker = tensor && makers.get(tensor);
  const source = maker?.inputs[0];
  if (!source || maker.epilogue) return null;
  const inputs = [source, ...others];
  if (maker.kind === 'movement') return foldEdge({ ...convolution, inputs }, maker, source);
  return maker.kind === 'resample' ? foldDoubling({ ...convolution, inputs }, maker, source) : null;
}

function foldEdge(convolution: Convolution, { map, output }: Movement, source: Tensor): Convolution | null {
  const [n, c, height, width] = output.shape;
  const [, , tall, wide] = convolution.output.shape;
  const { y, x } = convolution;
  if (map.kind !== 'extend' || map.mode !== 'edge' || n !== source.shape[0] || c !== source.shape[1])
    return null;
  if (!readsInside(y, height, tall) || !readsInside(x, width, wide)) return null;
  return { ...convolution, y: moveAxis(y, map.before[2]), x: moveAxis(x, map.before[3]), padding: 'edge' };
}

/** Whether all taps read the padded input, and none what the convolution itself takes for its border. */
const readsInside = (
  { phases, inputStride, inputStep, outputStride }: ConvAxis,
  size: number,
  outputs: number,
): boolean =>
  phases.every(({ count, start }, phase) => {
    const reach = (Math.ceil((outputs - phase) / outputStride) - 1) * inputStride;
    const end = start + (count - 1) * inputStep;
    return Math.min(start, end) >= 0 && Math.max(start, end) + reach < size;
  });

const moveAxis = (axis: ConvAxis, before: number): ConvAxis => ({
  ...axis,
  phases: axis.phases.map(phase => ({ ...phase, start: phase.start - before })),
});

function foldDoubling(
  convolution: Convolution,
  { left, right }: Resample,
  { shape: [, , height, width] }: Tensor,
): Convolution | null {
  const { weights, group, y, x } = convolution;
  const doubles = isDoubling(left, height) && isDoubling(right, width);
  const plain = group === 1 && !weights.transposed && !weights.sumOf && isCentred(y) && isCentred(x);
  if (!doubles || !plain) return null;
  return { ...convolution, weights: sumWeights(weights), y: SUBPIXEL_AXIS, x: SUBPIXEL_AXIS };
}

const isDoubling = (band: BandedMatrix | null, size: number): boolean =>
  band?.width === 1 &&
  band.rows === 2 * size &&
  band.weights.every(weight => weight === 1) &&
  band.starts.every((start, row) => start === row >> 1);

/** Whether it is the axis of a 3-wide kernel with one pixel of padding. */
const isCentred = ({ outputStride, inputStride, inputStep, phases: [phase] }: ConvAxis): boolean =>
  outputStride * inputStride * inputStep === 1 && phase?.count === 3 && phase.start === -1;
