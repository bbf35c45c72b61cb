// Binds the dimensions that a file leaves open. The engine runs fixed shapes, which it knows at load.

import { EngineError } from '../error.ts';
import type { OnnxModel, OnnxValue } from './model.ts';

/** Sizes, by the file's names of the dimensions. */
export type Sizes = Readonly<Record<string, number>>;

/** The model with fixed input shapes. Named dimensions take their size. Others take that of `defaults` at their place,
 * unless the input is a list or a scalar. Throws if a dimension stays open. */
export function bindDims(model: OnnxModel, sizes: Sizes, defaults: readonly number[]): OnnxModel {
  return { ...model, inputs: model.inputs.map(value => bindValue(value, sizes, defaults)) };
}

function bindValue(value: OnnxValue, sizes: Sizes, defaults: readonly number[]): OnnxValue {
  const { name, dims } = value;
  if (dims === null) return value;
  const known = dims.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    const size = Object.hasOwn(sizes, dim) ? sizes[dim] : undefined;
    if (size !== undefined && Number.isSafeInteger(size) && size > 0) return size;
    if (size !== undefined) {
      throw new EngineError(`The size '${dim}' is given as ${size}, which is no positive integer.`);
    }
    const usual = dims.length > 1 ? defaults[i] : undefined;
    if (usual !== undefined) return usual;
    throw new EngineError(
      `The model's input '${name}' leaves its dimension '${dim}' open (${dims.join(' x ')}); read it with a size for that, such as { dims: { '${dim}': 256 } }.`,
    );
  });
  return { ...value, dims: known };
}
