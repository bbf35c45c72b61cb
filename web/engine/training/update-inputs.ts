// What an update reads besides the gradients, in the step's graph: the number that clipping by norm multiplies them by, and the
// directions of optimizers that look at whole tensors. Fetched for these alone.

import type { Constant } from '../onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import { floatValue, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { slotName } from './backend.ts';
import type { ClipOptions } from './clipping.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

/** Names and shapes of tensors. */
type NamedShapes = readonly Pick<Constant, 'name' | 'dims'>[];

/** What torch adds to the length before it divides by it. */
const EPSILON = 1e-6;

/** Writes the number, of shape [1], that every gradient is multiplied by: norm / length, but at most 1. */
function writeGradientScale(writer: NodeWriter, gradients: NamedShapes, norm: number): string {
  const squares = gradients.map(({ name, dims }) =>
    writer.reshape(
      writer.sum(
        writer.times(name, name),
        dims.map((_, i) => i),
      ),
      [1],
    ),
  );
  const length = writer.add('Sqrt', [writer.add('Sum', squares)]);
  const scale = writer.over(writer.number(norm), writer.shifted(length, EPSILON));
  return writer.addNamed(writer.freeName('gradient scale'), 'Min', [scale, writer.number(1)]);
}

/** The clipped gradient as a node, for what reads it before the update. */
function writeClipped(
  writer: NodeWriter,
  gradient: string,
  scale: string | undefined,
  value: number | undefined,
): string {
  const scaled = scale ? writer.times(gradient, scale) : gradient;
  if (value === undefined) return scaled;
  return writer.add('Min', [writer.add('Max', [scaled, writer.number(-value)]), writer.number(value)]);
}

/** Returns the model of a step with what its update reads besides the gradients, given by the parameters' names. */
export function writeUpdateInputs(
  model: OnnxModel,
  parameters: NamedShapes,
  gradients: ReadonlyMap<string, string>,
  clip: ClipOptions = {},
  optimizer?: Optimizer,
): { model: OnnxModel; gradientScale: string | undefined; directions: ReadonlyMap<string, string> } {
  const writer = new NodeWriter(namesOf(model), model.opset);
  const shaped = parameters.map(({ name, dims }) => ({ name: gradients.get(name) ?? '', dims }));
  const gradientScale = clip.norm === undefined ? undefined : writeGradientScale(writer, shaped, clip.norm);
  const directions = new Map<string, string>();
  const inputs: OnnxValue[] = [];
  const outputs = gradientScale ? [floatValue(gradientScale, [1])] : [];
  for (const [i, { name, dims }] of parameters.entries()) {
    const own = optimizer?.of?.(dims) ?? optimizer;
    if (!own?.direction) continue;
    const gradient = writeClipped(writer, shaped[i]?.name ?? '', gradientScale, clip.value);
    const slots = own.slots.map(slot => slotName(name, slot.name));
    const made = own.direction(writer, { gradient, slots, dims });
    const direction = writer.addNamed(writer.freeName(`direction of ${name}`), 'Identity', [made]);
    directions.set(name, direction);
    inputs.push(...slots.map(slot => floatValue(slot, dims)));
    outputs.push(floatValue(direction, dims));
  }
  return {
    gradientScale,
    directions,
    model: {
      ...model,
      nodes: [...model.nodes, ...writer.nodes],
      constants: new Map([...model.constants, ...writer.constants]),
      inputs: [...model.inputs, ...inputs],
      outputs: [...model.outputs, ...outputs],
    },
  };
}
