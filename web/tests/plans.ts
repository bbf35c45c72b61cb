// Plans of small graphs, for the tests of what passes make of them.

import type { Operation } from '../engine/graph/ir/operation.ts';
import { readGraph } from '../engine/look.ts';
import { graphOf, model, value } from './onnx.ts';

export const kinds = (operations: readonly Operation[]) => operations.map(({ kind }) => kind);

/** The input `x` of the graphs; their output is `y`. */
export const picture = value('x', [1, 4, 8, 8]);

export function plan(nodes: number[][], constants: Uint8Array[]) {
  return readGraph(
    model(graphOf({ nodes, constants, inputs: [picture], outputs: [value('y', [1, 4, 8, 8])] })),
  );
}
