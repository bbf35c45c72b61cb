// Gradients of operators over whole axes: Reduce..., global pooling, Softmax. ReduceMax and ReduceMin share the gradient
// among the elements that are equal, as torch's amax and amin do.

import { productOf } from '../../graph/ir/strides.ts';
import { readAxes } from '../../graph/lowering/reduce.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** A reduction: its input, its output and the gradient of that with dimensions of 1 in place of the reduced ones. */
interface Reduction {
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
const reducing =
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

const mean = reducing(({ writer, dy, count }) => writer.scaled(dy, 1 / count));

const extreme = reducing(({ writer, x, y, dy, axes }) => {
  const equals = writer.where(writer.add('Equal', [x, y]), writer.number(1), writer.number(0));
  return writer.times(equals, writer.over(dy, writer.sum(equals, axes)));
});

/** A zero's gradient is the product of the others; all other elements' is 0 then. */
const product = reducing(({ writer, x, dy, axes }) => {
  const [none, one] = [writer.number(0), writer.number(1)];
  const isZero = writer.add('Equal', [x, none]);
  const zeros = writer.sum(writer.where(isZero, one, none), axes);
  const safe = writer.where(isZero, one, x);
  const rest = writer.reduce('ReduceProd', safe, axes, 18);
  const others = writer.minus(zeros, writer.where(isZero, one, none));
  const all = writer.over(rest, safe);
  return writer.times(dy, writer.where(writer.isAbove(others, 0), none, all));
});

const norm = reducing(({ writer, x, y, dy }) => {
  const isZero = writer.add('Equal', [y, writer.number(0)]);
  return writer.where(isZero, writer.number(0), writer.over(writer.times(dy, x), y));
});

/** Softmax and LogSoftmax. Before opset 13 they cover the axis and all after it. */
const softmax =
  (formula: (write: NodeWriter, y: string, dy: string, sum: (x: string) => string) => string): Rule =>
  (node, [gradient]) => {
    if (!gradient) return [];
    const { writer, reader, outputs } = node;
    return [
      () => {
        const rank = node.dims(0).length;
        const old = node.builder.opset < 13;
        const first = reader.axis(reader.int('axis', old ? 1 : -1), rank);
        const axes = old ? Array.from({ length: rank - first }, (_, i) => first + i) : [first];
        return formula(writer, outputs[0] ?? '', gradient, x => writer.sum(x, axes));
      },
    ];
  };

export const REDUCE: Readonly<Record<string, Rule>> = {
  GlobalAveragePool: mean,
  GlobalMaxPool: extreme,
  LogSoftmax: softmax((write, y, dy, sum) => write.minus(dy, write.times(write.add('Exp', [y]), sum(dy)))),
  ReduceL1: reducing(({ writer, x, dy }) => writer.times(dy, writer.add('Sign', [x]))),
  ReduceL2: norm,
  ReduceLogSum: reducing(({ writer, y, dy }) => writer.over(dy, writer.add('Exp', [y]))),
  ReduceLogSumExp: reducing(({ writer, x, y, dy }) =>
    writer.times(dy, writer.add('Exp', [writer.minus(x, y)])),
  ),
  ReduceMax: extreme,
  ReduceMean: mean,
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceSum: reducing(({ dy }) => dy),
  ReduceSumSquare: reducing(({ writer, x, dy }) => writer.times(dy, writer.scaled(x, 2))),
  Softmax: softmax((write, y, dy, sum) => write.times(y, write.minus(dy, sum(write.times(dy, y))))),
};
