// Lowering of MatMul where both matrices are computed, the constant one is too large for a band, or both are
// constants, as in weights that are divided by their largest singular value.

import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { foldMatMul } from './constant-folding.ts';
import { broadcast } from './elementwise.ts';
import { reshape } from './movement.ts';

/** numpy's matmul: matrices in the last two dimensions, the others broadcast. A vector is a row or a column. */
export function lowerMatMul(node: NodeReader): void {
  const [left, right] = [node.value(0), node.value(1)];
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
  const matrix = emitMatMul(
    node,
    reshapeOperand(node, left, own, 0),
    reshapeOperand(node, right, other, 1),
    [...lead, rows, columns],
    `${node.output} as a matrix`,
  );
  const dims = [...lead, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])];
  node.define(reshape(node, matrix, dims));
}

function reshapeOperand(node: NodeReader, value: Value, dims: readonly number[], index: number): Value {
  return dimsOf(value).length === dims.length ? value : reshape(node, value, dims, node.node.inputs[index]);
}

export function emitMatMul(
  node: NodeReader,
  left: Value,
  right: Value,
  dims: readonly number[],
  name: string,
): Value {
  const constant = foldMatMul(node, [left, right], dims, name);
  if (constant) return { kind: 'constant', constant };
  const inputs = [left, right].map((value, i) => node.builder.tensor(value, node.node.inputs[i] ?? name));
  const output = makeTensor(name, dims);
  return node.builder.emit({
    kind: 'matMul',
    reads: 2,
    name: node.node.name,
    inputs,
    output,
    epilogue: null,
  });
}
