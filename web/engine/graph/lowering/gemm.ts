// Lowering of Gemm. With constant weights it is a 1x1 convolution over one pixel per row, so that the weights keep
// the file's type. Else it is a product of two matrices, which is folded if both are constants.

import { binary, constant } from '../ir/expression.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { foldElementwise } from './constant-folding.ts';
import { readWeights } from './conv.ts';
import { emitPointwise } from './conv-pointwise.ts';
import { emitMatMul } from './matmul.ts';
import { applyView, reshape } from './movement.ts';

const NONE = constant(0);

export function lowerGemm(node: NodeReader): void {
  const left = transposeOperand(node, 0, node.int('transA', 0) === 1);
  const turned = node.int('transB', 0) === 1;
  const weights = node.value(1);
  const [rows = 0, inner = 0, ...more] = dimsOf(left);
  const [a = 0, b = 0, ...others] = dimsOf(weights);
  const [height, columns] = turned ? [b, a] : [a, b];
  if (more.length > 0 || others.length > 0 || inner !== height || inner === 0) {
    const shapes = [left, weights].map(value => `[${dimsOf(value).join(', ')}]`);
    throw node.fail(`has matrices of ${shapes.join(' and ')}, which do not fit.`);
  }
  if ('constant' in weights && !('constant' in left)) {
    const layout = { dims: [a, b, 1, 1], transposed: !turned, group: 1 } as const;
    const pixels = reshape(node, left, [rows, inner, 1, 1], `${node.output} as pixels`);
    const tensor = node.builder.tensor(pixels, node.output);
    const made = emitPointwise(node, tensor, readWeights(node, layout), `${node.output} product`);
    node.define(reshape(node, scaleAndAdd(node, made, [rows, columns, 1, 1]), [rows, columns]));
    return;
  }
  const right = transposeOperand(node, 1, turned);
  const made = emitMatMul(node, left, right, [rows, columns], `${node.output} product`);
  node.define(scaleAndAdd(node, made, [rows, columns]));
}

function transposeOperand(node: NodeReader, index: number, turned: boolean): Value {
  const value = node.value(index);
  if (!turned) return value;
  const [rows = 1, columns = 1] = dimsOf(value);
  const view = { dims: [columns, rows], strides: [1, columns], start: 0 };
  return applyView(node, value, [columns, rows], view, `${node.output} turned ${index}`);
}

/** alpha * product + beta * C, broadcast to `dims`. */
function scaleAndAdd(node: NodeReader, product: Value, dims: readonly number[]): Value {
  const [alpha, beta] = [constant(node.float('alpha', 1)), constant(node.float('beta', 1))];
  if (!node.has(2)) return foldElementwise(node, dims, [product], ([x = NONE]) => binary('mul', x, alpha));
  const value = node.value(2);
  const listed = dimsOf(value);
  const added = reshape(node, value, [...listed, ...dims.slice(2)], `${node.output} added`);
  return foldElementwise(node, dims, [product, added], ([x = NONE, c = NONE]) =>
    binary('add', binary('mul', x, alpha), binary('mul', c, beta)),
  );
}
