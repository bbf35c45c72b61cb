// Gradients of sums and means over whole axes, which losses end in. What else goes over axes is in `reduce-extended.ts`.

import { productOf } from '../../graph/ir/strides.ts';
import { readAxes } from '../../graph/lowering/reduce.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** A reduction: its input, its output and the gradient of that with dimensions of 1 in place of the reduced ones. */
export interface Reduction {
  readonly writer: NodeWriter;
  readonly x: string;
  readonly y: string;
  readonly dy: string;
  readonly axes: readonly number[];
  readonly count: number;
}

/** The axes of a reduction, or of a global pool. */
function axesOf(node: BackwardNode): number[] {
  const rank = node.dims(0).length;
  if (node.op.startsWith('Global')) return Array.from({ length: rank - 2 }, (_, i) => i + 2);
  return readAxes(node.reader, rank);
}

/** A rule whose formula gives the gradient; it may still have dimensions of 1 where the input has others. */
export const reducing =
  (formula: (reduction: Reduction) => string): Rule =>
  (node, [gradient]) => {
    if (!gradient) return [];
    const { writer, inputs, outputs } = node;
    return [
      () => {
        const dims = node.dims(0);
        const axes = axesOf(node);
        const kept = dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
        const whole = (name: string) =>
          `${node.outputDims()}` === `${kept}` ? name : writer.reshape(name, kept);
        const made = formula({
          writer,
          x: inputs[0] ?? '',
          y: whole(outputs[0] ?? ''),
          dy: whole(gradient),
          axes,
          count: productOf(axes.map(axis => dims[axis] ?? 1)),
        });
        return writer.add('Expand', [made, writer.integers(dims)]);
      },
    ];
  };

export const mean = reducing(({ writer, dy, count }) => writer.scaled(dy, 1 / count));

export const REDUCE: Readonly<Record<string, Rule>> = {
  ReduceMean: mean,
  ReduceSum: reducing(({ dy }) => dy),
};
