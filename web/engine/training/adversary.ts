// Adversarial training (Goodfellow et al. 2014): a second network, the discriminator, learns to tell what the model makes
// from the targets, while the model learns to be taken for a target. Both learn in one step, each by its own loss, and both
// losses are of the weights before it. Fetched where a trainer has an adversary.

import { differentiate } from '../autograd/gradients.ts';
import { EngineError } from '../error.ts';
import { dimsOf } from '../graph/lowering/builder.ts';
import { lowerNodes } from '../graph/lowering/lower.ts';
import type { Constant } from '../onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import type { NodeWriter } from '../onnx/node-writer.ts';
import { type Compared, LOSSES, type LossName } from './losses.ts';
import { findParameters } from './parameters.ts';

/** Of the discriminator's names in the step. */
const PREFIX = 'discriminator/';

export interface Adversary {
  /** Takes what the model makes, and gives logits of any shape: above 0 for a target, below 0 for the model's. It has no norms
   * over the batch and no dropout. */
  readonly discriminator: OnnxModel;
  /** Of being taken for a target, beside the loss that compares. pix2pix has 0.01. */
  readonly weight: number;
}

/** What an adversary adds to a step. */
export interface Judgement {
  /** The discriminator's, under names that the step has free, and those that are learned. */
  readonly constants: ReadonlyMap<string, Constant>;
  readonly parameters: readonly Constant[];
  /** Appends the gradients of both networks, each of its own loss. Given the loss that compares, and the model's weights. */
  readonly differentiate: typeof differentiate;
}

/** Writes the losses of both, which are binary cross-entropies: the model's of its output and "is a target", and the
 * discriminator's, the mean of that of targets and that of outputs. Throws an EngineError for a discriminator that does not
 * take the model's output. */
export async function writeJudgement(
  writer: NodeWriter,
  loss: string,
  { output, target, dims, by }: Compared & { readonly by: LossName },
  { discriminator, weight }: Adversary,
): Promise<Judgement> {
  if (by === 'crossEntropy') {
    throw new EngineError(
      'An adversary judges pictures, and crossEntropy has classes as targets: use l1 or mse.',
    );
  }
  if (!Number.isFinite(weight)) {
    throw new EngineError(`The adversary's weight is ${weight}; give a finite number.`);
  }
  const picture = pictureOf(discriminator);
  const logits = discriminator.outputs[0]?.name ?? '';
  const sized = { ...discriminator, inputs: [{ ...picture, dims }] };
  const value = (await lowerNodes(sized)).builder.find(logits);
  if (!value) throw new EngineError('The discriminator has no output that a node computes.');
  const logitDims = dimsOf(value);
  const names = new Map(
    [...discriminator.constants.keys()].map(name => [name, writer.freeName(`${PREFIX}${name}`)]),
  );
  const judge = (seen: string): string =>
    copyNodes(writer, discriminator, new Map([...names, [picture.name, seen]])).get(logits) ?? '';
  const crossEntropy = (judged: string, label: number) =>
    LOSSES.bceWithLogits.write(writer, { output: judged, dims: logitDims, target: writer.number(label) });
  const [made, real] = [judge(output), judge(target)];
  const both = writer.plus(crossEntropy(real, 1), crossEntropy(made, 0));
  const ofDiscriminator = writer.scaled(both, 0.5);
  const ofModel = writer.plus(loss, writer.scaled(crossEntropy(made, 1), weight));
  const renamed = (one: Constant): Constant => ({ ...one, name: names.get(one.name) ?? '' });
  const constants = [...discriminator.constants.values()].map(renamed);
  const learned = findParameters(discriminator).map(name => names.get(name) ?? '');
  return {
    constants: new Map(constants.map(one => [one.name, one])),
    parameters: constants.filter(({ name }) => learned.includes(name)),
    differentiate: async (forward, _, weights) => {
      const first = await differentiate(forward, ofModel, weights);
      const second = await differentiate(first.model, ofDiscriminator, learned);
      return { model: second.model, gradients: new Map([...first.gradients, ...second.gradients]) };
    },
  };
}

function pictureOf({ inputs, constants }: OnnxModel): OnnxValue {
  const [picture, ...more] = inputs.filter(({ name }) => !constants.has(name));
  if (picture && more.length === 0) return picture;
  const count = picture ? more.length + 1 : 0;
  throw new EngineError(`The discriminator has ${count} inputs; it needs one, for what the model makes.`);
}

/** Appends the nodes under free names. Returns all names, by those that the model has. */
function copyNodes(
  writer: NodeWriter,
  { nodes }: OnnxModel,
  known: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = new Map([['', ''], ...known]);
  for (const node of nodes) {
    for (const name of node.outputs) if (name) names.set(name, writer.freeName(`${PREFIX}${name}`));
    const rename = (name: string) => names.get(name) ?? name;
    const outputs = node.outputs.map(rename);
    writer.nodes.push({ ...node, name: outputs[0] ?? '', inputs: node.inputs.map(rename), outputs });
  }
  return names;
}
