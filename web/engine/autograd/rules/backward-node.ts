// A node of the forward graph as a gradient rule sees it: the names, shapes and attributes of its values, and a writer
// for the nodes of the backward graph.

import type { EngineError } from '../../error.ts';
import type { Operation } from '../../graph/ir/operation.ts';
import { dimsOf, type GraphBuilder, NodeReader } from '../../graph/lowering/builder.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';

/** The gradient of an input. It is written when it is asked for; null if there is none. */
export type InputGradient = (() => string) | null;
/** The gradients of a node's inputs from those of its outputs. An output that nothing differentiable reads has none. */
export type Rule = (node: BackwardNode, gradients: readonly (string | null)[]) => readonly InputGradient[];

export class BackwardNode {
  readonly reader: NodeReader;

  constructor(
    readonly writer: NodeWriter,
    readonly builder: GraphBuilder,
    node: NodeReader['node'],
  ) {
    this.reader = new NodeReader(builder, node);
  }

  get op(): string {
    return this.reader.node.op;
  }

  get inputs(): readonly string[] {
    return this.reader.node.inputs;
  }

  get outputs(): readonly string[] {
    return this.reader.node.outputs;
  }

  /** The shape of an input. */
  dims(index: number): readonly number[] {
    return dimsOf(this.reader.value(index));
  }

  /** The shape of an output. */
  outputDims(index = 0): readonly number[] {
    const name = this.outputs[index];
    const value = name ? this.builder.find(name) : undefined;
    if (!value) throw this.fail(`has no output ${index}.`);
    return dimsOf(value);
  }

  /** The operation that lowering made of the node, of the given kind. */
  operation<K extends Operation['kind']>(kind: K): Extract<Operation, { kind: K }> | undefined {
    const names = [this.reader.output, `${this.reader.output} inside`];
    const isOwn = (one: Operation): one is Extract<Operation, { kind: K }> =>
      one.kind === kind && names.includes(one.output.name);
    return this.builder.operations.find(isOwn);
  }

  fail(problem: string): EngineError {
    return this.reader.fail(problem);
  }
}
