// Lowering of MatMul by a constant that is a band, if a wide one, along height or width. The product of two
// computed matrices is in `matmul.ts`.

import { bandOf, type Column, MOST_WEIGHTS, resample } from './banded-matrix.ts';
import { dimsOf, type NodeView, type Value } from './builder.ts';

/** Whether one of the two is a constant that fits a band, and the other one is computed. */
export function isByConstant(node: NodeView): boolean {
  const [left, right] = [node.value(0), node.value(1)];
  return (isMatrix(left) && right.kind === 'tensor') || (left.kind === 'tensor' && isMatrix(right));
}

/** A constant that fits a band. */
function isMatrix(value: Value): boolean {
  const [rows = 0, columns = 0, ...more] = dimsOf(value);
  const constant = value.kind === 'constant' || value.kind === 'quantised';
  return constant && columns > 0 && more.length === 0 && rows * columns <= MOST_WEIGHTS;
}

export function lowerMatMul(node: NodeView): void {
  const onLeft = isMatrix(node.value(0));
  const tensor = node.tensor(onLeft ? 1 : 0);
  const [rows = 1, columns = 1] = node.constant(onLeft ? 0 : 1).dims;
  const values = node.floats(onLeft ? 0 : 1);
  const dims = [...tensor.dims];
  const inner = onLeft ? dims.at(-2) : dims.at(-1);
  if (dims.length < 2 || inner !== (onLeft ? columns : rows)) {
    throw node.fail(`has shapes [${tensor.dims.join(', ')}] and [${rows}, ${columns}], which do not fit.`);
  }
  dims[dims.length - (onLeft ? 2 : 1)] = onLeft ? rows : columns;
  const size = onLeft ? ([rows, columns, columns] as const) : ([columns, rows, rows] as const);
  const weight: Column = (r, c) => values[onLeft ? r * columns + c : c * columns + r] ?? 0;
  const band = bandOf(node, size, (_, c) => c, weight);
  node.define(resample(node, tensor, dims, onLeft ? [band, null] : [null, band]));
}
