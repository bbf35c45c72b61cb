// Lowering of the gradient of max pooling.

import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader } from './builder.ts';
import { defineSpatial } from './spatial.ts';
import { asPicture, readWindow } from './training-window.ts';

export function lowerMaxPoolGradient(node: NodeReader): void {
  const line = dimsOf(node.value(0)).length === 3;
  const inputs = [0, 1].map(i => node.builder.tensor(asPicture(node, i), node.node.inputs[i] ?? ''));
  const [from] = inputs;
  const made = node.builder.emit({
    kind: 'maxPoolGradient',
    reads: 2,
    name: node.node.name,
    inputs,
    output: makeTensor(node.output, from?.dims ?? []),
    epilogue: null,
    ...readWindow(node),
  });
  defineSpatial(node, made, line);
}
