// Leaves out what is there already: copies of a tensor in its own shape, and the same movement of a tensor once more. Both
// come from reshapes: backward, a layer reads what it read forward in the same way.

import type { Operation } from '../ir/operation.ts';
import { sameShape, type Tensor } from '../ir/tensor.ts';

/** The tensor of which the operation makes a copy; null if it does anything else. */
function copiedBy({ kind, inputs, output, epilogue }: Operation): Tensor | null {
  const [from] = inputs;
  const isCopy = kind === 'elementwise' && epilogue?.kind === 'input' && inputs.length === 1;
  return isCopy && from && sameShape(from.shape, output.shape) ? from : null;
}

class Deduplicator {
  /** What is read in place of a tensor. */
  readonly #instead = new Map<Tensor, Tensor>();
  readonly #moved = new Map<Tensor, Map<string, Tensor>>();

  constructor(readonly outputs: readonly Tensor[]) {}

  /** The operation, if it is needed. Call it in the order of the graph. */
  visit(given: Operation): Operation[] {
    const operation = { ...given, inputs: given.inputs.map(one => this.#instead.get(one) ?? one) };
    const known = copiedBy(operation) ?? this.#movedBefore(operation);
    if (!known || this.outputs.includes(operation.output)) return [operation];
    this.#instead.set(operation.output, known);
    return [];
  }

  /** The tensor that the same movement made before. */
  #movedBefore(operation: Operation): Tensor | null {
    const [from] = operation.inputs;
    if (operation.kind !== 'movement' || operation.epilogue || !from) return null;
    const key = JSON.stringify([operation.map, operation.output.shape]);
    const made = this.#moved.get(from) ?? new Map<string, Tensor>();
    this.#moved.set(from, made);
    const known = made.get(key);
    if (!known) made.set(key, operation.output);
    return known ?? null;
  }
}

export function withoutCopies(operations: readonly Operation[], outputs: readonly Tensor[]): Operation[] {
  const deduplicator = new Deduplicator(outputs);
  return operations.flatMap(operation => deduplicator.visit(operation));
}
