// Arrays of the CPU backend: one for each tensor, in ONNX's order, without padding.

import { productOf } from '../graph/ir/strides.ts';
import type { Tensor } from '../graph/ir/tensor.ts';

export type Reals = Float32Array | Float64Array;

/** The precision of all values. Tests compute in float64. */
export type Precision = 'float32' | 'float64';

export class TensorArrays {
  readonly #arrays = new Map<Tensor, Reals>();

  constructor(readonly precision: Precision) {}

  /** The array of a tensor, made at the first call: its constant values, or zeros. */
  of(tensor: Tensor): Reals {
    const known = this.#arrays.get(tensor);
    if (known) return known;
    const make = this.precision === 'float32' ? Float32Array : Float64Array;
    const made = new make(productOf(tensor.shape));
    if (tensor.constant) made.set(tensor.constant);
    this.#arrays.set(tensor, made);
    return made;
  }
}
