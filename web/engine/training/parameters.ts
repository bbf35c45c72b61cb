// Which numbers of a model are learned.

import { dimsOf } from '../graph/lowering/builder.ts';
import { lowerNodes } from '../graph/lowering/lower.ts';
import { type Constant, constantOf, floats } from '../onnx/constant.ts';
import type { OnnxModel, OnnxNode } from '../onnx/model.ts';

/** Inputs of each operator that are learned where they are constants of the file. */
const LEARNED: Readonly<Record<string, readonly number[]>> = {
  Add: [0, 1],
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  LayerNormalization: [1, 2],
  MatMul: [0, 1],
  Mul: [0, 1],
  PRelu: [1],
};

/** Replaces quantized weights and those of other float types by their float32 numbers, under the name that the layers
 * read. A constant that passes an Identity is one of its own: exporters write equal constants once, as those of layers
 * that have not learned yet. */
export async function withFloatWeights(model: OnnxModel): Promise<OnnxModel> {
  const { builder } = await lowerNodes(model);
  const constants = new Map(model.constants);
  const nodes: OnnxNode[] = [];
  for (const node of model.nodes) {
    const [from = ''] = node.inputs;
    const value = builder.find(node.outputs[0] ?? '');
    const isStored = ['Cast', 'DequantizeLinear', 'Identity'].includes(node.op) && model.constants.has(from);
    if (!isStored || value === undefined || !('constant' in value)) {
      nodes.push(node);
      continue;
    }
    const [name = ''] = node.outputs;
    const wide = value.kind === 'quantized' ? builder.dequantize(value) : value.constant;
    constants.set(name, constantOf(name, dimsOf(value), floats(wide)));
  }
  return { ...model, nodes, constants };
}

/** What a look names the nodes of its guide with. */
const GUIDE = /^guide\./;

/** Names of the learned constants, in the order in which layers read them. The guide of a look stays as it is: what its
 * second output depends on, and what else is named so, as a network may be shown a smaller guide than people are. */
export function findParameters(model: OnnxModel): string[] {
  const fixed = upstreamOf(model.nodes, model.outputs[1]?.name);
  const isLook = model.metadata.has('limner.guide');
  const found = new Set<string>();
  for (const node of model.nodes) {
    if (fixed.has(node.outputs[0] ?? '') || (isLook && GUIDE.test(node.name))) continue;
    for (const index of LEARNED[node.op] ?? []) {
      const constant = model.constants.get(node.inputs[index] ?? '');
      if (constant && isLearned(node, constant)) found.add(constant.name);
    }
  }
  return [...found];
}

/** Names of the running means and variances of batch norms, which training moves without a gradient. */
export const findStatistics = ({ nodes, constants }: OnnxModel): string[] =>
  nodes
    .filter(({ op }) => op === 'BatchNormalization')
    .flatMap(({ inputs }) => inputs.slice(3, 5))
    .filter(name => constants.has(name));

/** A single number that is added or multiplied is part of a formula. A picture that all channels share is a mask, or the
 * fixed noise of a look. */
const isLearned = (node: OnnxNode, { type, dims, bytes }: Constant): boolean =>
  type === 'float32' && (!['Add', 'Mul'].includes(node.op) || (bytes.length > 4 && !isPicture(dims)));

const isPicture = ([, channels, ...sides]: readonly number[]): boolean =>
  channels === 1 && sides.length === 2 && sides.some(side => side > 1);

/** Outputs of the nodes that a value depends on. */
function upstreamOf(nodes: readonly OnnxNode[], name: string | undefined): Set<string> {
  const needed = new Set(name === undefined ? [] : [name]);
  for (const { inputs, outputs } of [...nodes].reverse()) {
    if (outputs.some(output => needed.has(output))) for (const input of inputs) if (input) needed.add(input);
  }
  return needed;
}
