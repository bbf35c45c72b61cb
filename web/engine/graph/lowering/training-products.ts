// Lowering of products of matrices in training: by learned weights, and the gradients by them. Both are convolutions of
// pictures of one pixel, a picture for each row of the batch, so that they share the kernels of convolutions.

import { binary, constant } from '../ir/expression.ts';
import type { ConvWeightGradient, Movement, WindowGeometry } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { LANES, makeTensor, paddedLength, type Shape, type Tensor } from '../ir/tensor.ts';
import { dimsOf, NodeReader, type Value } from './builder.ts';
import { foldElementwise } from './constant-folding.ts';
import { makerOf } from './conv-input.ts';
import type { Lowering } from './elementwise.ts';
import { lowerGemm } from './gemm.ts';
import { LearnedNode, type LearnedWeights } from './learned-weights.ts';
import { reshape } from './movement.ts';

/** Threads that a GPU should have at once, and products that a thread should have. */
const MIN_THREADS = 2 ** 14;
const MIN_PRODUCTS = 64;

/** Into how many parts the rows of a gradient are split. The order of a sum does not depend on the machine. */
function countParts(weights: Tensor, [n, , rows, columns]: Shape): number {
  const threads = paddedLength(weights) / LANES;
  const wanted = Math.min(MIN_THREADS / threads, (n * rows * columns) / MIN_PRODUCTS);
  return Math.max(1, Math.min(Math.floor(wanted), n * rows));
}

/** Emits the gradient by the weights of a convolution from `from`, whose output has the gradient `gradient`. */
export function emitWeightGradient(
  node: NodeReader,
  [from, gradient]: readonly [Tensor, Tensor],
  kernel: readonly [number, number],
  geometry: WindowGeometry & Pick<ConvWeightGradient, 'group'>,
  label: string,
): Value {
  const inputs = [from, gradient];
  const outputs = gradient.shape[1];
  const dims = [outputs, from.shape[1] / geometry.group, ...kernel];
  const output = makeTensor(label, dims);
  const parts = countParts(output, gradient.shape);
  const { name } = node.node;
  const split = parts > 1 ? makeTensor(`${label} in parts`, [parts * outputs, ...dims.slice(1)]) : output;
  const fields = { name, inputs, output: split, epilogue: null };
  const made = node.builder.emit({ kind: 'convWeightGradient', reads: 2, ...fields, parts, ...geometry });
  if (parts === 1) return made;
  return node.builder.emit({ kind: 'sumOfParts', name, inputs: [split], output, epilogue: null, parts });
}

const PIXEL = { group: 1, strides: [1, 1], dilations: [1, 1], before: [0, 0] } as const;

/** left^T * right: the gradient by the weights of a layer whose gradient is on the left and its input on the right. */
function emitTransposedProduct(node: NodeReader, left: Value, right: Value, label: string): Value {
  const [gradient, from] = [left, right].map((value, i) => {
    const [rows = 1, columns = 1] = dimsOf(value);
    const pixels = reshape(node, value, [rows, columns, 1, 1], `${label} pixels ${i}`);
    return node.builder.tensor(pixels, label);
  });
  if (!gradient || !from) throw node.fail('needs two matrices.');
  const made = emitWeightGradient(node, [from, gradient], [1, 1], PIXEL, label);
  return reshape(node, made, [gradient.shape[1], from.shape[1]], `${label} as a matrix`);
}

const isMatrix = (value: Value): boolean => value.kind === 'tensor' && value.tensor.dims.length === 2;

/** Gemm by learned weights, and with a computed matrix that is transposed on the left; others are lowered as usual. */
export const lowerTrainingGemm =
  (learned: LearnedWeights | null): Lowering =>
  node => {
    const positions = learned?.find(node, node.value(1));
    if (positions && node.value(0).kind === 'tensor') {
      lowerGemm(new LearnedNode(node, positions));
      return;
    }
    const [left, right] = [node.value(0), node.value(1)];
    const turned = [node.int('transA', 0), node.int('transB', 0)].join();
    if (turned !== '1,0' || node.has(2) || !isMatrix(left) || !isMatrix(right)) {
      lowerGemm(node);
      return;
    }
    const product = emitTransposedProduct(node, left, right, `${node.output} product`);
    const alpha = node.float('alpha', 1);
    const scaled = () =>
      foldElementwise(node, dimsOf(product), [product], ([x = constant(0)]) =>
        binary('mul', x, constant(alpha)),
      );
    node.define(alpha === 1 ? product : scaled());
  };

/** The matrix of which this one is the transpose. */
function transposeOf(node: NodeReader, value: Value): Value | null {
  const maker = value.kind === 'tensor' ? makerOf(node, value.tensor) : undefined;
  const [from] = maker?.inputs ?? [];
  if (!from || maker?.kind !== 'movement' || from.dims.length !== 2) return null;
  return isTranspose(maker, from.dims) ? { kind: 'tensor', tensor: from } : null;
}

const isTranspose = ({ map, epilogue }: Movement, [rows = 1, columns = 1]: readonly number[]): boolean =>
  map.kind === 'view' &&
  map.start === 0 &&
  !epilogue &&
  `${map.dims}` === `${[columns, rows]}` &&
  `${map.strides}` === `${[1, columns]}`;

/** MatMul by a learned matrix, for any number of rows, and of a transposed matrix by another; others are lowered by
 * `usual`. */
export const lowerTrainingMatMul =
  (learned: LearnedWeights | null, usual: Lowering): Lowering =>
  node => {
    const [left, right] = [node.value(0), node.value(1)];
    const positions = learned?.find(node, right);
    const dims = dimsOf(left);
    if (positions?.dims.length === 2 && left.kind === 'tensor' && dims.length > 1) {
      const inner = dims.at(-1) ?? 1;
      const rows = reshape(node, left, [productOf(dims.slice(0, -1)), inner], `${node.output} rows`);
      const [, columns = 1] = positions.dims;
      const made = new RowsNode(node, positions, rows);
      lowerGemm(made);
      const product = node.builder.find(made.output);
      if (product) node.define(reshape(node, product, [...dims.slice(0, -1), columns]));
      return;
    }
    const gradient = transposeOf(node, left);
    if (gradient && isMatrix(gradient) && isMatrix(right)) {
      node.define(emitTransposedProduct(node, gradient, right, `${node.output} product`));
    } else usual(node);
  };

/** The product of rows and a learned matrix, as a Gemm of another name. */
class RowsNode extends LearnedNode {
  constructor(
    node: NodeReader,
    positions: LearnedNode['positions'],
    readonly rows: Value,
  ) {
    const { builder, node: own } = node;
    const inputs = own.inputs.slice(0, 2);
    super(new NodeReader(builder, { ...own, inputs, outputs: [`${node.output} of rows`] }), positions);
  }

  override value(index: number): Value {
    return index === 0 ? this.rows : super.value(index);
  }
}
