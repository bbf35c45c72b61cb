// What files do between transposes, without them. torch and TensorFlow normalize pictures with their channels
// last, or as lists of pixels: they transpose a picture, take means, scale and shift, and transpose it back.
//
// Each such operation is emitted a second time, on the tensor as it was before it was transposed, its twin. Where a
// transpose back would give a twin, it becomes a copy of it. What nothing reads then is left out later.

import { type Expression, input, rewrite, visitAll } from '../ir/expression.ts';
import type { Elementwise, Movement, Operation, Reduce, View } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor, type Shape, type Tensor } from '../ir/tensor.ts';
import { reshapeTo } from './reshape.ts';

/** The same values as those of a tensor, in another order. */
interface Twin {
  readonly tensor: Tensor;
  /** The axes of the twin that have more than one element, in the order in which the tensor counts through them. */
  readonly order: readonly number[];
}

/** The axes of a twin that each of a tensor's axes consists of. */
type Axes = readonly (readonly number[])[];

class TransposeCanceller {
  readonly #twins = new Map<Tensor, Twin>();

  /** The operations that take its place. Call it in the order of the graph. */
  cancel(operation: Operation): Operation[] {
    if (operation.kind === 'movement') return [this.#move(operation)];
    const made =
      operation.kind === 'elementwise'
        ? this.#compute(operation)
        : operation.kind === 'reduce'
          ? this.#reduce(operation)
          : null;
    return made ? [operation, made] : [operation];
  }

  #move(movement: Movement): Operation {
    const { map, inputs, output, name, epilogue } = movement;
    const [from] = inputs;
    if (!from || map.kind !== 'view' || epilogue) return movement;
    const known = this.#twins.get(from);
    const twin = known ?? { tensor: from, order: longAxes(from.shape) };
    const order = orderAfter(map, twin);
    if (!order) return movement;
    this.#twins.set(output, { tensor: twin.tensor, order });
    return known && isAscending(order) ? reshapeTo(output, twin.tensor, name) : movement;
  }

  #reduce(reduce: Reduce): Reduce | null {
    const { inputs, output, axes: reduced, epilogue } = reduce;
    const [from] = inputs;
    const twin = from && this.#twins.get(from);
    const axes = twin && axesOf(from.shape, twin);
    if (!axes || epilogue) return null;
    const isOver = (axis: number) => axes.some((own, i) => reduced[i] && own.includes(axis));
    const over = [isOver(0), isOver(1), isOver(2), isOver(3)] as const;
    if (!over.includes(true)) return null;
    const dims = twin.tensor.shape.map((dim, axis) => (over[axis] ? 1 : dim));
    const made = makeTensor(`${output.name} before it is transposed`, dims);
    this.#twins.set(output, { tensor: made, order: twin.order.filter(axis => !over[axis]) });
    return { ...reduce, inputs: [twin.tensor], output: made, axes: over };
  }

  #compute(operation: Elementwise): Elementwise | null {
    const { inputs, output } = operation;
    const whole = inputs
      .map(tensor => this.#twins.get(tensor))
      .find(twin => twin && productOf(twin.tensor.shape) === productOf(output.shape));
    const axes = whole && axesOf(output.shape, whole);
    if (!axes || !isByElement(operation.epilogue, axes)) return null;
    const read: Tensor[] = [];
    const leaves = inputs.map((tensor): Expression | null => {
      const found = this.#operand(tensor, output.shape, axes, whole.tensor.shape);
      return found && 'kind' in found ? found : found && input(read.push(found) - 1);
    });
    if (leaves.includes(null)) return null;
    const epilogue = rewrite(operation.epilogue, leaf =>
      leaf.kind === 'input' ? (leaves[leaf.index] ?? leaf) : leaf,
    );
    const made = makeTensor(`${output.name} before it is transposed`, whole.tensor.shape);
    this.#twins.set(output, { tensor: made, order: whole.order });
    return { ...operation, inputs: read, output: made, epilogue };
  }

  /** What an operation reads in place of the tensor, which broadcasts to `to`, if it makes a twin of that shape: a
   * tensor, or constants per channel. Null if there is nothing. */
  #operand(tensor: Tensor, to: Shape, axes: Axes, shape: Shape): Tensor | Expression | null {
    const twin = this.#twins.get(tensor);
    if (twin) {
      const own = axesOf(tensor.shape, twin);
      const fits = own?.every(
        (list, i) => list.length === 0 || (`${list}` === `${axes[i]}` && tensor.shape[i] === to[i]),
      );
      const isSame = twin.tensor.shape.every((dim, axis) => dim === 1 || dim === shape[axis]);
      return fits && isSame ? twin.tensor : null;
    }
    if (productOf(tensor.shape) === 1) return tensor;
    const spread = axes.flatMap((own, i) => (tensor.shape[i] === 1 ? [] : own));
    if (!tensor.constant || !isAscending(spread)) return null;
    if (`${spread}` === '1') return { kind: 'perChannel', values: tensor.constant };
    const dims = shape.map((dim, axis) => (spread.includes(axis) ? dim : 1));
    return makeTensor(`${tensor.name} before it is transposed`, dims, tensor.constant);
  }
}

const longAxes = (shape: Shape): number[] => [0, 1, 2, 3].filter(axis => (shape[axis] ?? 1) > 1);

const isAscending = (axes: readonly number[]): boolean =>
  axes.every((axis, i) => i === 0 || axis > (axes[i - 1] ?? 0));

/** Null if an axis of the tensor has a part of one of the twin's. */
function axesOf(shape: Shape, { tensor, order }: Twin): Axes | null {
  const left = [...order];
  const axes = shape.map(dim => {
    const own: number[] = [];
    for (let size = 1; size < dim; ) {
      const axis = left.shift();
      if (axis === undefined) return null;
      own.push(axis);
      size *= tensor.shape[axis] ?? 1;
    }
    return productOf(own.map(axis => tensor.shape[axis] ?? 1)) === dim ? own : null;
  });
  const found = axes.filter(own => own !== null);
  return found.length === axes.length && left.length === 0 ? found : null;
}

/** The order in which the view counts through the axes of the twin; null if it does anything else. */
function orderAfter({ dims, strides, start }: View, { tensor, order }: Twin): number[] | null {
  const sizes = order.map(axis => tensor.shape[axis] ?? 1);
  const made: number[] = [];
  for (const [i, dim] of dims.entries()) {
    if (dim === 1) continue;
    // The last of the axes that this one consists of.
    const last = order.findIndex((_, at) => productOf(sizes.slice(at + 1)) === strides[i]);
    let first = last + 1;
    for (let size = 1; size < dim && first > 0; ) size *= sizes[--first] ?? 1;
    if (last < 0 || productOf(sizes.slice(first, last + 1)) !== dim) return null;
    made.push(...order.slice(first, last + 1));
  }
  const isWhole = start === 0 && made.length === order.length && new Set(made).size === made.length;
  return isWhole ? made : null;
}

/** Whether the expression does the same wherever an element lies. */
function isByElement(tree: Expression, axes: Axes): boolean {
  let is = true;
  visitAll(tree, ({ kind }) => {
    is &&= kind !== 'laneMatrix' && (kind !== 'perChannel' || `${axes[1]}` === '1');
  });
  return is;
}

export function cancelTransposes(operations: readonly Operation[]): Operation[] {
  const canceller = new TransposeCanceller();
  return operations.flatMap(operation => canceller.cancel(operation));
}
