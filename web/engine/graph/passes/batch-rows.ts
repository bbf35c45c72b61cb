// Layers over pictures of one pixel, as fully connected ones are, with the batch as one picture: the values lie in the same
// order, and kernels share weights among the pixels of a picture.

import type { ConvAxis, Convolution, ConvWeightGradient, Operation } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import type { Plan } from './plan.ts';

export const isSingle = ({ shape: [n, , h, w] }: Tensor): boolean => n > 1 && h === 1 && w === 1;

const isOfOne = ({ phases, inputStride, outputStride }: ConvAxis): boolean =>
  outputStride === 1 &&
  inputStride === 1 &&
  phases.length === 1 &&
  `${Object.values(phases[0] ?? {})}` === '0,1,0';

export const isPointwise = ({ weights, group, y, x }: Convolution): boolean =>
  group === 1 && weights.dims[2] === 1 && weights.dims[3] === 1 && isOfOne(y) && isOfOne(x);

export const isGradientOfProduct = ({ flat, strides, before }: ConvWeightGradient): boolean =>
  `${flat?.kernel}` === '1,1' && `${[strides, before]}` === '1,1,0,0';

/** Sides of a picture of that many pixels, as square as they can be. */
export function sidesOf(pixels: number): [height: number, width: number] {
  let height = Math.floor(Math.sqrt(pixels));
  while (pixels % height > 0) height--;
  return [height, pixels / height];
}

/** The plan with those layers on pictures. Their tensors share memory with the ones that they stand for. */
export function joinBatch(plan: Plan): Plan {
  const slices = new Map(plan.slices);
  const joined = new Map<Tensor, Tensor>();
  const join = (tensor: Tensor, images: number): Tensor => {
    const [n, c] = tensor.shape;
    if (n !== images || !isSingle(tensor)) return tensor;
    const made = joined.get(tensor) ?? makeTensor(tensor.name, [1, c, ...sidesOf(n)]);
    const slice = plan.slices.get(tensor);
    if (slice) slices.set(made, slice);
    joined.set(tensor, made);
    return made;
  };
  const operations = plan.operations.map((operation): Operation => {
    const [first] = operation.inputs;
    if (!first || !isSingle(first)) return operation;
    const inputs = operation.inputs.map(tensor => join(tensor, first.shape[0]));
    if (operation.kind === 'convolution' && isPointwise(operation))
      return { ...operation, inputs, output: join(operation.output, first.shape[0]) };
    return operation.kind === 'convWeightGradient' && isGradientOfProduct(operation)
      ? { ...operation, inputs }
      : operation;
  });
  return { ...plan, operations, slices };
}
