// Matrices over the channels of each pixel as 1x1 convolutions, for nodes that are no convolutions.

import type { ConvAxis, Weights } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import type { NodeReader, Value } from './builder.ts';

const ONE: ConvAxis = {
  outputStride: 1,
  inputStride: 1,
  inputStep: 1,
  kernelStep: 1,
  phases: [{ first: 0, count: 1, start: 0 }],
};

/** Emits a 1x1 convolution without a bias. */
export function emitPointwise(node: NodeReader, tensor: Tensor, weights: Weights, name: string): Value {
  const [n, , h, w] = tensor.shape;
  const outputs = weights.dims[weights.transposed ? 1 : 0];
  return node.builder.emit({
    kind: 'convolution',
    name: node.node.name,
    inputs: [tensor],
    output: makeTensor(name, [n, outputs, h, w]),
    epilogue: null,
    prologue: null,
    weights,
    bias: null,
    group: 1,
    y: ONE,
    x: ONE,
    padding: 'zero',
  });
}
