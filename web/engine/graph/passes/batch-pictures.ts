// Tensors of single pixels, a picture for each row of a batch, as one picture of all rows. For backends on which tensors of
// other shapes lie in other orders (`batch-rows.ts` is for the others): all that makes or reads such a tensor sees the
// picture, or none of it does.

import { isReshape, type Movement, type Operation, type Reduce } from '../ir/operation.ts';
import { makeTensor, type Shape, type Tensor } from '../ir/tensor.ts';
import { isGradientOfProduct, isPointwise, isSingle, sidesOf } from './batch-rows.ts';

/** Whether the operation computes the same if all its tensors of single pixels become pictures. */
function canJoin(operation: Operation): boolean {
  const [from = operation.output] = operation.inputs;
  switch (operation.kind) {
    case 'elementwise':
      return isSingle(operation.output);
    case 'reduce':
    case 'crossEntropy':
      return isSingle(from);
    case 'movement':
      return isReshape(operation) && operation.inputs.length === 1;
    case 'convolution':
      return isSingle(from) && isPointwise(operation);
    case 'convWeightGradient':
      return isGradientOfProduct(operation);
    default:
      return false;
  }
}

/** Numbers of rows of the single pixels that the operation has. */
const rowsOf = (tensors: readonly Tensor[]): Set<number> => new Set(tensors.map(({ shape }) => shape[0]));

/** Those that become pictures. */
function findJoined(operations: readonly Operation[], fixed: ReadonlySet<Tensor>): Set<Tensor> {
  const own = operations.map(operation => [...operation.inputs, operation.output].filter(isSingle));
  const joined = new Set(own.flat().filter(tensor => !fixed.has(tensor)));
  for (let before = -1; before !== joined.size; ) {
    before = joined.size;
    for (const [i, operation] of operations.entries()) {
      const tensors = own[i] ?? [];
      const isWhole = canJoin(operation) && rowsOf(tensors).size === 1;
      // A movement is between a picture and single pixels, or between two of either.
      const isAll = operation.kind === 'movement' || tensors.every(tensor => joined.has(tensor));
      if (!isWhole || !isAll) for (const tensor of tensors) joined.delete(tensor);
    }
  }
  return joined;
}

/** A reshape from or to single pixels, (n, c, 1, 1): in a picture, a channel has its rows side by side. */
function mapJoined([n, c]: Shape, isFrom: boolean, isTo: boolean): Movement['map'] {
  if (isFrom && isTo) return viewOf([n * c], [1]);
  return isFrom ? viewOf([n, c], [1, n]) : viewOf([c, n], [1, c]);
}

const viewOf = (dims: readonly number[], strides: readonly number[]) =>
  ({ kind: 'view', dims, strides, start: 0 }) as const;

const reduceJoined = (reduce: Reduce): Operation => {
  const [n, c] = reduce.axes;
  return { ...reduce, axes: [false, c, n, n] };
};

/** The operations with such pictures. Tensors in `fixed` stay as they are. */
export function joinPictures(
  operations: readonly Operation[],
  fixed: ReadonlySet<Tensor>,
): readonly Operation[] {
  const joined = findJoined(operations, fixed);
  const pictures = new Map<Tensor, Tensor>();
  const pictureOf = (tensor: Tensor): Tensor => {
    if (!joined.has(tensor)) return tensor;
    const [n, c] = tensor.shape;
    const made = pictures.get(tensor) ?? makeTensor(tensor.name, [1, c, ...sidesOf(n)]);
    pictures.set(tensor, made);
    return made;
  };
  return operations.map(operation => {
    const [from] = operation.inputs;
    const [isFrom, isTo] = [from !== undefined && joined.has(from), joined.has(operation.output)];
    const seen = {
      ...operation,
      inputs: operation.inputs.map(pictureOf),
      output: pictureOf(operation.output),
    };
    if (!from || (!isFrom && !isTo)) return seen;
    if (seen.kind === 'movement') {
      const { shape } = isFrom ? from : operation.output;
      return { ...seen, map: mapJoined(shape, isFrom, isTo) };
    }
    return seen.kind === 'reduce' ? reduceJoined(seen) : seen;
  });
}
