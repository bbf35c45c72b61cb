// Lowering of MatMul: by a constant that is a band, if a wide one, along height or width; else the product of
// two computed matrices.

import { bandOf, type Column, MOST_WEIGHTS, resample } from './bands.ts';
import { dimsOf, makeTensor, type NodeView, type Value } from './builder.ts';
import { broadcast } from './elementwise.ts';
import type { Tensor } from './operation.ts';
import { reshape } from './shapes.ts';

export function lowerMatMul(node: NodeView): void {
  const [left, right] = [node.value(0), node.value(1)];
  if (isMatrix(left) && right.kind === 'tensor') node.define(byConstant(node, right.tensor, true));
  else if (isMatrix(right) && left.kind === 'tensor') node.define(byConstant(node, left.tensor, false));
  else node.define(productOf(node, left, right));
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

/** numpy's matmul: matrices in the last two dimensions, the others broadcast; a vector is a row or a column. */
function productOf(node: NodeView, left: Value, right: Value): Value {
  const [a, b] = [dimsOf(left), dimsOf(right)];
  if (a.length === 0 || b.length === 0) throw node.fail('multiplies a number; matrices have dimensions.');
  const own = a.length === 1 ? [1, ...a] : [...a];
  const other = b.length === 1 ? [...b, 1] : [...b];
  const [rows = 1, inner = 1] = own.slice(-2);
  const [height = 1, columns = 1] = other.slice(-2);
  if (inner !== height || own.length > 4 || other.length > 4) {
    throw node.fail(`has shapes [${a.join(', ')}] and [${b.join(', ')}], which do not fit.`);
  }
  const lead = broadcast(node, [own.slice(0, -2), other.slice(0, -2)]);
  const matrix = emitProduct(
    node,
    reshaped(node, left, own, 0),
    reshaped(node, right, other, 1),
    [...lead, rows, columns],
    `${node.output} as a matrix`,
  );
  const dims = [...lead, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])];
  return reshape(node, matrix, dims);
}

function reshaped(node: NodeView, value: Value, dims: readonly number[], index: number): Value {
  return dimsOf(value).length === dims.length ? value : reshape(node, value, dims, node.node.inputs[index]);
}

export function emitProduct(
  node: NodeView,
  left: Value,
  right: Value,
  dims: readonly number[],
  name: string,
): Value {
  const inputs = [left, right].map((value, i) => node.builder.tensor(value, node.node.inputs[i] ?? name));
  const output = makeTensor(name, dims);
  return node.builder.emit({ kind: 'product', name: node.node.name, inputs, output, epilogue: null });
}
