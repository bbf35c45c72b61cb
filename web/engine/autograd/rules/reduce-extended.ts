// Gradients of other operators over whole axes: Reduce..., global pooling, Softmax. ReduceMax and ReduceMin share the gradient
// among the elements that are equal, as torch's amax and amin do.

import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';
import { mean, reducing } from './reduce.ts';

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

export const REDUCE_EXTENDED: Readonly<Record<string, Rule>> = {
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
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceSumSquare: reducing(({ writer, x, dy }) => writer.times(dy, writer.scaled(x, 2))),
  Softmax: softmax((write, y, dy, sum) => write.times(y, write.minus(dy, sum(write.times(dy, y))))),
};
