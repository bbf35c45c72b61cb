// Reverse-mode automatic differentiation as a pass over an ONNX graph: it appends the nodes that compute the gradients
// (see Baydin et al. 2018). It needs no GPU. It knows the shapes of all values from lowering, and it works on the graph
// before fusion, so that what is folded or fused there stays as the file has it.

import { EngineError } from '../error.ts';
import { productOf } from '../graph/ir/strides.ts';
import { dimsOf } from '../graph/lowering/builder.ts';
import { lowerNodes } from '../graph/lowering/lower.ts';
import { TRAINING } from '../graph/lowering/training.ts';
import type { OnnxModel, OnnxNode } from '../onnx/model.ts';
import { NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { BackwardNode } from './rules/backward-node.ts';
import { findRule } from './rules.ts';

export interface Differentiated {
  /** The graph with the nodes of its gradients, which are further outputs. */
  readonly model: OnnxModel;
  /** Names of the gradients, by what they are of. */
  readonly gradients: ReadonlyMap<string, string>;
}

const FLOAT32 = 1;

/** The values that a change of `wanted` changes. */
function findDependents(nodes: readonly OnnxNode[], wanted: readonly string[]): Set<string> {
  const dependents = new Set(wanted);
  for (const { inputs, outputs } of nodes) {
    if (inputs.some(name => dependents.has(name))) for (const name of outputs) if (name) dependents.add(name);
  }
  return dependents;
}

/** Appends the gradients of `of`, one number, by each of `wanted`: inputs, constants or computed values. A gradient has
 * the shape of its value; where `of` does not depend on it, it is zeros. Throws an EngineError for names that the model
 * lacks, and for operators that have no rule. */
export async function differentiate(
  model: OnnxModel,
  of: string,
  wanted: readonly string[],
): Promise<Differentiated> {
  const { builder } = await lowerNodes(model, TRAINING);
  const dims = (name: string): readonly number[] => {
    const value = builder.find(name);
    if (!value) throw new EngineError(`The model has no value '${name}' to differentiate.`);
    return dimsOf(value);
  };
  const size = productOf(dims(of));
  if (size !== 1) {
    throw new EngineError(
      `'${of}' has ${size} elements; a gradient is of one number: take their mean or sum.`,
    );
  }
  const { nodes, constants } = model;
  const writer = new NodeWriter(namesOf(model), model.opset);
  const dependents = findDependents(nodes, wanted);
  /** Gradients of a value from each node that reads it. */
  const parts = new Map<string, string[]>([[of, [writer.reshape(writer.number(1), dims(of))]]]);
  const gradientOf = (name: string): string | null => {
    const [first, ...others] = parts.get(name) ?? [];
    if (!first) return null;
    const sum = others.reduce((made, part) => writer.plus(made, part), first);
    parts.set(name, [sum]);
    return sum;
  };
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some(name => parts.has(name))) continue;
    if (!node.inputs.some(name => dependents.has(name))) continue;
    const backward = new BackwardNode(writer, builder, node);
    try {
      const rule = await findRule(node.op);
      if (!rule) throw backward.fail('has no gradient in this engine.');
      const made = rule(backward, node.outputs.map(gradientOf));
      node.inputs.forEach((name, i) => {
        const gradient = dependents.has(name) ? made[i]?.() : undefined;
        if (gradient) parts.set(name, [...(parts.get(name) ?? []), gradient]);
      });
    } catch (error) {
      throw backward.reader.withNodeName(error);
    }
  }
  const gradients = new Map<string, string>();
  for (const name of wanted) {
    const made = gradientOf(name) ?? writer.zeros(dims(name));
    // A name of its own, as a value may be the gradient of several.
    gradients.set(name, writer.addNamed(writer.freeName(`gradient of ${name}`), 'Identity', [made]));
  }
  return {
    gradients,
    model: {
      ...model,
      nodes: [...nodes, ...writer.nodes],
      constants: new Map([...constants, ...writer.constants]),
      outputs: [
        ...model.outputs,
        ...Array.from(gradients, ([name, gradient]) => ({ name: gradient, type: FLOAT32, dims: dims(name) })),
      ],
    },
  };
}
