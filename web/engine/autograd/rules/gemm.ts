// The gradient of Gemm.

import { float, int } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';

/** alpha * A B + beta * C, where A and B may be transposed. */
const gemm: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const [a = '', b = ''] = inputs;
  const alpha = float(reader.float('alpha', 1));
  const [transA, transB] = [reader.int('transA', 0), reader.int('transB', 0)];
  const product = (left: string, right: string, turnLeft: number, turnRight: number) =>
    writer.add('Gemm', [left, right], { alpha, transA: int(turnLeft), transB: int(turnRight) });
  return [
    () => (transA ? product(b, gradient, transB, 1) : product(gradient, b, 0, 1 - transB)),
    () => (transB ? product(gradient, a, 1, transA) : product(a, gradient, 1 - transA, 0)),
    () => writer.scaled(writer.sumTo(gradient, node.outputDims(), node.dims(2)), reader.float('beta', 1)),
  ];
};

export const GEMM: Readonly<Record<string, Rule>> = { Gemm: gemm };
