// Lowering of MatMul by a constant that is a band, if a wide one, along height or width. The product of two
// computed matrices is in `products.ts`.

import { bandOf, type Column, MOST_WEIGHTS, resample } from './bands.ts';
import { dimsOf, type NodeView, type Value } from './builder.ts';
import type { Tensor } from './operation.ts';
import { lowerProduct } from './products.ts';

export function lowerMatMul(node: NodeView): void {
  const [left, right] = [node.value(0), node.value(1)];
  if (isMatrix(left) && right.kind === 'tensor') node.define(byConstant(node, right.tensor, true));
  else if (isMatrix(right) && left.kind === 'tensor') node.define(byConstant(node, left.tensor, false));
  else lowerProduct(node);
}

/** A constant that fits a band. */
function isMatrix(value: Value): boolean {
  const [rows = 0, columns = 0, ...more] = dimsOf(value);
  const constant = value.kind === 'constant' || value.kind === 'quantised';
  return constant && columns > 0 && more.length === 0 && rows * columns <= MOST_WEIGHTS;
}

function byConstant(node: NodeView, tensor: Tensor, onLeft: boolean): Value {
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
  return resample(node, tensor, dims, onLeft ? [band, null] : [null, band]);
}
