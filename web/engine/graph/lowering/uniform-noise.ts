// Lowering of UniformNoise: uniform random numbers in [0, 1) that are a function of a seed, the step, the number of the
// node (its stream), and the place. Seed and step are live inputs: whole numbers below 2^24, which are exact in float32.

import { makeTensor } from '../ir/tensor.ts';
import type { NodeReader } from './builder.ts';

export function lowerUniformNoise(node: NodeReader): void {
  const live = (index: number): number => {
    const value = node.value(index);
    if (value.kind === 'scalar' && value.expression.kind === 'live') return value.expression.index;
    throw node.fail('takes a live input of the graph as its seed and its step.');
  };
  const stream = node.int('stream', 0);
  const dims = node.ints('shape') ?? [];
  node.define(
    node.builder.emit({
      kind: 'uniformNoise',
      reads: 0,
      name: node.node.name,
      inputs: [],
      output: makeTensor(node.output, dims),
      epilogue: null,
      stream,
      seed: live(0),
      step: live(1),
    }),
  );
}
