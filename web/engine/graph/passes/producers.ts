// Which operation makes a tensor, and of which other tensor it has the values.

import type { Expression } from '../ir/expression.ts';
import { type Elementwise, isReshape, type Operation } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import type { Tensor } from '../ir/tensor.ts';
import { isCopy } from './fusion.ts';

export const countOf = (tensor: Tensor): number => productOf(tensor.shape);

export const inputOf = ({ inputs }: Elementwise, tree: Expression): Tensor | undefined =>
  tree.kind === 'input' ? inputs[tree.index] : undefined;

export class Producers {
  readonly #producers: Map<Tensor, Operation>;
  readonly #sources = new Map<Tensor, Tensor>();

  constructor(operations: readonly Operation[]) {
    this.#producers = new Map(operations.map(operation => [operation.output, operation]));
  }

  of(tensor: Tensor): Operation | undefined {
    return this.#producers.get(tensor);
  }

  /** The tensor of which this one has the same values in the same order. */
  source(tensor: Tensor): Tensor {
    let source = this.#sources.get(tensor) ?? tensor;
    for (let from = this.#copied(source); from; from = this.#copied(source)) source = from;
    this.#sources.set(tensor, source);
    return source;
  }

  /** The tensor that was only copied to this one; undefined if it was made otherwise. */
  #copied(tensor: Tensor): Tensor | undefined {
    const made = this.#producers.get(tensor);
    const from = made?.inputs[0];
    if (!from || made.inputs.length !== 1 || countOf(from) !== countOf(tensor)) return undefined;
    const isReshaped = made.kind === 'movement' && isCopy(made.epilogue) && isReshape(made);
    return isReshaped || (made.kind === 'elementwise' && made.epilogue.kind === 'input') ? from : undefined;
  }
}
