// Binds the dimensions that a file leaves open. The engine runs fixed shapes, which it knows at load.

import { EngineError } from '../error.ts';
import type { OnnxModel, OnnxValue } from './model.ts';

/** Sizes, by the file's names of the dimensions. */
export type Sizes = Readonly<Record<string, number>>;

/** The side of a look's picture if both are open, as in `limner paint`. */
const SIDE = 256;

/** The model with fixed input shapes. Named dimensions take their size. A batch takes 1, unless the input is a list.
 * In a look there are three channels, and an open side takes the length of the other one. Throws if a dimension stays
 * open. */
export function bindDims(model: OnnxModel, sizes: Sizes, isLook: boolean): OnnxModel {
  return { ...model, inputs: model.inputs.map(value => bindValue(value, sizes, isLook)) };
}

function bindValue(value: OnnxValue, sizes: Sizes, isLook: boolean): OnnxValue {
  const { name, dims } = value;
  if (dims === null) return value;
  const given = dims.map(dim => (typeof dim === 'number' ? dim : readSize(dim, sizes)));
  const [, , height, width] = given;
  const picture = isLook ? [3, width ?? SIDE, height ?? SIDE] : [];
  const usual = dims.length > 1 ? [1, ...picture] : [];
  const known = dims.map((dim, i) => {
    const size = given[i] ?? usual[i];
    if (size !== undefined) return size;
    throw new EngineError(
      `The model's input '${name}' leaves its dimension '${dim}' open (${dims.join(' x ')}); read it with a size for that, such as { dims: { '${dim}': 256 } }.`,
    );
  });
  return { ...value, dims: known };
}

function readSize(dim: string, sizes: Sizes): number | undefined {
  const size = Object.hasOwn(sizes, dim) ? sizes[dim] : undefined;
  if (size === undefined || (Number.isSafeInteger(size) && size > 0)) return size;
  throw new EngineError(`The size '${dim}' is given as ${size}, which is no positive integer.`);
}
