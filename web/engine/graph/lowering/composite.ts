// Lowering of operators that are formulas of others: they are written as nodes, and those are lowered.

import { NodeWriter } from '../../onnx/node-writer.ts';
import { NodeReader } from './builder.ts';
import type { LoweringLater } from './elementwise.ts';
import { EXTENDED } from './extended.ts';
import { lowerTranspose } from './movement.ts';

/** Writes nodes whose names begin with that of the node that they stand for, which is the graph's only one. */
class InnerWriter extends NodeWriter {
  constructor(
    readonly owner: string,
    opset: number,
  ) {
    super([], opset);
  }

  override freeName(wanted: string): string {
    return super.freeName(`${this.owner}: ${wanted}`);
  }
}

const PARTS: Readonly<Record<string, LoweringLater>> = { ...EXTENDED, Transpose: lowerTranspose };

/** A lowering by the nodes that `write` writes. They define the outputs of the node. */
export const composite =
  (write: (writer: NodeWriter, node: NodeReader) => void): LoweringLater =>
  async node => {
    const { builder } = node;
    const writer = new InnerWriter(node.output, builder.opset);
    write(writer, node);
    for (const [name, constant] of writer.constants) builder.define(name, { kind: 'constant', constant });
    for (const inner of writer.nodes) {
      const reader = new NodeReader(builder, inner);
      const lowering = PARTS[inner.op];
      if (!lowering) throw reader.fail('is not lowered as a part of another operator.');
      await lowering(reader);
    }
  };
