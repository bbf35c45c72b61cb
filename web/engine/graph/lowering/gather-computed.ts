// Lowering of gathering by computed indices, as losses that are written as functions have it: a sum over the elements of
// the axis, of those whose index is the wanted one.

import type { NodeWriter } from '../../onnx/node-writer.ts';
import { productOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader } from './builder.ts';
import { composite } from './composite.ts';
import { lowerGather } from './movement-foreign.ts';

/** Numbers from 0 along an axis. */
function numbersAlong(writer: NodeWriter, size: number, axis: number, rank: number): string {
  const numbers = Float32Array.from({ length: size }, (_, i) => i);
  return writer.floats(
    numbers,
    Array.from({ length: rank }, (_, i) => (i === axis ? size : 1)),
  );
}

function pick(writer: NodeWriter, data: string, indices: string, numbers: string, axis: number): string {
  const isWanted = writer.add('Equal', [indices, numbers]);
  return writer.sum(writer.where(isWanted, data, writer.number(0)), [axis]);
}

/** For one index along the axis. */
export const lowerGatherElements = composite((writer, node) => {
  const [dims, wanted] = [dimsOf(node.value(0)), dimsOf(node.value(1))];
  const axis = node.axis(node.int('axis', 0), dims.length);
  if (wanted.some((dim, i) => dim !== (i === axis ? 1 : dims[i]))) {
    throw node.fail(`gathers [${wanted.join(', ')}] of [${dims.join(', ')}]; the engine supports one index.`);
  }
  const [before, after] = [dims.slice(0, axis), dims.slice(axis + 1)].map(productOf);
  const [n, d, size] = [before ?? 1, after ?? 1, dims[axis] ?? 1];
  const [data = '', indices = ''] = node.node.inputs;
  const made = pick(
    writer,
    writer.reshape(data, [n, size, d]),
    writer.reshape(indices, [n, 1, d]),
    numbersAlong(writer, size, 1, 3),
    1,
  );
  writer.addNamed(node.output, 'Reshape', [made, writer.integers(wanted)]);
});

/** Of a list. */
const gatherOfList = composite((writer, node) => {
  const [[size = 1], wanted] = [dimsOf(node.value(0)), dimsOf(node.value(1))];
  const count = productOf(wanted);
  const [data = '', indices = ''] = node.node.inputs;
  const made = pick(
    writer,
    writer.reshape(data, [1, size]),
    writer.reshape(indices, [count, 1]),
    numbersAlong(writer, size, 1, 2),
    1,
  );
  writer.addNamed(node.output, 'Reshape', [made, writer.integers(wanted)]);
});

export function lowerAnyGather(node: NodeReader): void {
  const isList = dimsOf(node.value(0)).length === 1 && !('constant' in node.value(1));
  (isList ? gatherOfList : lowerGather)(node);
}
