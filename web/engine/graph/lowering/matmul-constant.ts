// Lowering of MatMul by a small constant matrix, along height or width. `matmul.ts` multiplies two computed matrices.

import { type Column, emitResample, MAX_WEIGHTS, makeBandedMatrix } from './banded-matrix.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';

/** Whether one input is a small constant matrix and the other one is computed. */
export function isByConstant(node: NodeReader): boolean {
  const [left, right] = [node.value(0), node.value(1)];
  return (isSmallMatrix(left) && right.kind === 'tensor') || (left.kind === 'tensor' && isSmallMatrix(right));
}

/** Whether the value is a constant matrix that fits a band. */
function isSmallMatrix(value: Value): boolean {
  const [rows = 0, columns = 0, ...more] = dimsOf(value);
  const constant = value.kind === 'constant' || value.kind === 'quantized';
  return constant && columns > 0 && more.length === 0 && rows * columns <= MAX_WEIGHTS;
}

export function lowerMatMulByConstant(node: NodeReader): void {
  const onLeft = isSmallMatrix(node.value(0));
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
  const band = makeBandedMatrix(node, size, (_, c) => c, weight);
  node.define(emitResample(node, tensor, dims, onLeft ? [band, null] : [null, band]));
}
