// Writes the operators that ONNX lacks as operators that it has, so that other runtimes run the graph too.

import { EngineError } from '../error.ts';
import { productOf } from '../graph/ir/strides.ts';
import { writeSoftmax } from '../graph/lowering/classification-loss.ts';
import type { OnnxModel, OnnxNode, OnnxValue } from '../onnx/model.ts';
import { DOMAIN, int, ints, NodeWriter, namesOf, text } from '../onnx/node-writer.ts';
import { type SamplingShapes, writePictureGradient, writePositionGradient } from './standard-grid-sample.ts';

const FLOAT32 = 1;

type Expansion = (writer: NodeWriter, node: OnnxNode) => string;

const axesFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

function readInts({ attributes }: OnnxNode, name: string): readonly number[] {
  const attribute = attributes.get(name);
  return attribute?.kind === 'ints' ? attribute.value : [];
}

/** The convolution of the input with the gradient as its kernel. Images are its channels; strides and dilations change
 * places. A group of channels of an image is a group of images of a channel. */
const convWeightGradient: Expansion = (writer, node) => {
  const [x = '', dy = ''] = node.inputs;
  const [n = 1, c = 1, ...size] = readInts(node, 'input_shape');
  const attribute = node.attributes.get('group');
  const group = attribute?.kind === 'int' ? attribute.value : 1;
  const spatial = axesFrom(3, size.length);
  const swapped = [1, 0, ...axesFrom(2, size.length)];
  const own = c / group;
  const images =
    group === 1
      ? writer.transpose(x, swapped)
      : writer.reshape(writer.transpose(writer.reshape(x, [n, group, own, ...size]), [2, 1, 0, ...spatial]), [
          own,
          group * n,
          ...size,
        ]);
  const made = writer.add('Conv', [images, writer.transpose(dy, swapped)], {
    strides: ints(readInts(node, 'dilations')),
    dilations: ints(readInts(node, 'strides')),
    pads: ints(readInts(node, 'pads')),
    group: int(group),
  });
  // Rows and columns at the end of the input that no window reached.
  const axes = axesFrom(2, size.length);
  const ends = readInts(node, 'kernel_shape');
  const bounds = [axes.map(() => 0), ends, axes].map(list => writer.integers(list));
  return writer.transpose(writer.add('Slice', [made, ...bounds]), swapped);
};

/** Since then, ScatterElements adds up elements of the same index. */
const MIN_OPSET = 16;

/** The indices that MaxPool returns count through the whole input. */
const maxPoolGradient: Expansion = (writer, node) => {
  const [x = '', dy = ''] = node.inputs;
  if (writer.opset < MIN_OPSET) {
    throw new EngineError(
      `The gradient of '${node.name}' needs ScatterElements of opset ${MIN_OPSET}, and the model is of opset ${writer.opset}: convert it to a later one.`,
    );
  }
  const attributes = new Map([...node.attributes].filter(([name]) => name !== 'input_shape'));
  const [pooled, indices] = [writer.freeName(`${x}/MaxPool`), writer.freeName(`${x}/Indices`)];
  writer.nodes.push({
    name: pooled,
    op: 'MaxPool',
    domain: '',
    inputs: [x],
    outputs: [pooled, indices],
    attributes,
  });
  const shape = readInts(node, 'input_shape');
  const size = productOf(shape);
  const flat = (name: string) => writer.reshape(name, [-1]);
  const data = [writer.zeros([size]), flat(indices), flat(dy)];
  return writer.reshape(writer.add('ScatterElements', data, { axis: int(0), reduction: text('add') }), shape);
};

const readText = ({ attributes }: OnnxNode, name: string): string => {
  const attribute = attributes.get(name);
  return attribute?.kind === 'string' ? attribute.value : '';
};

/** The attributes are those that `rules/resample.ts` writes. */
function samplingShapes(node: OnnxNode): SamplingShapes {
  const aligned = node.attributes.get('align_corners');
  const padding = (['border', 'reflection'] as const).find(known => known === readText(node, 'padding_mode'));
  return {
    picture: readInts(node, 'input_shape'),
    grid: readInts(node, 'grid_shape'),
    sampling: {
      interpolation: readText(node, 'mode') === 'nearest' ? 'nearest' : 'linear',
      padding: padding ?? 'zeros',
      alignCorners: aligned?.kind === 'int' && aligned.value === 1,
    },
  };
}

const gridSampleGradient: Expansion = (writer, node) => {
  const [grid = '', dy = ''] = node.inputs;
  return writePictureGradient(writer, grid, dy, samplingShapes(node));
};

const gridSamplePositionGradient: Expansion = (writer, node) => {
  const [x = '', grid = '', dy = ''] = node.inputs;
  return writePositionGradient(writer, x, grid, dy, samplingShapes(node));
};

/** What a cross-entropy is made of: whether each class is the right one, and operators along the classes. */
function readClasses(writer: NodeWriter, node: OnnxNode) {
  const [logits = '', target = ''] = node.inputs;
  const [n = 1, classes = 1, ...rest] = readInts(node, 'input_shape');
  const numbers = writer.floats(
    Float32Array.from({ length: classes }, (_, i) => i),
    [1, classes, ...rest.map(() => 1)],
  );
  const isClass = writer.add('Equal', [writer.reshape(target, [n, 1, ...rest]), numbers]);
  const softmax = (op: 'LogSoftmax' | 'Softmax'): string => {
    if (rest.length === 0) return writer.add(op, [logits], { axis: int(1) });
    const scores = writer.reshape(logits, [n, classes, productOf(rest)]);
    return writer.reshape(writeSoftmax(writer, op, scores), [n, classes, ...rest]);
  };
  return { softmax, isClass, rank: rest.length + 2, count: n * productOf(rest) };
}

const crossEntropy: Expansion = (writer, node) => {
  const { softmax, isClass, rank, count } = readClasses(writer, node);
  const picked = writer.where(isClass, softmax('LogSoftmax'), writer.number(0));
  return writer.reshape(writer.scaled(writer.sum(picked, axesFrom(0, rank)), -1 / count), []);
};

/** (softmax - 1 for the right class) / count. */
const crossEntropyGradient: Expansion = (writer, node) => {
  const { softmax, isClass, count } = readClasses(writer, node);
  const apart = writer.minus(softmax('Softmax'), writer.where(isClass, writer.number(1), writer.number(0)));
  return writer.scaled(apart, 1 / count);
};

const EXPANSIONS: Readonly<Record<string, Expansion>> = {
  CrossEntropy: crossEntropy,
  CrossEntropyGradient: crossEntropyGradient,
  ConvWeightGradient: convWeightGradient,
  GridSampleGradient: gridSampleGradient,
  GridSamplePositionGradient: gridSamplePositionGradient,
  MaxPoolGradient: maxPoolGradient,
};

const isNoise = ({ op, domain }: OnnxNode): boolean => domain === DOMAIN && op === 'UniformNoise';

/** The random numbers, as inputs: ONNX's own are not the same in two runtimes. They are uniform in [0, 1). */
const noiseInput = (node: OnnxNode): OnnxValue => ({
  name: node.outputs[0] ?? '',
  type: FLOAT32,
  dims: readInts(node, 'shape'),
});

/** The same graph of ONNX's operators alone. Random numbers are further inputs, in place of the seed and the step. */
export function toStandardOperators(model: OnnxModel): OnnxModel {
  const writer = new NodeWriter(namesOf(model), model.opset);
  for (const node of model.nodes) {
    if (isNoise(node)) continue;
    const expand = node.domain === DOMAIN ? EXPANSIONS[node.op] : undefined;
    if (expand) writer.addNamed(node.outputs[0] ?? '', 'Identity', [expand(writer, node)]);
    else writer.nodes.push(node);
  }
  const noise = model.nodes.filter(isNoise);
  const replaced = new Set(noise.flatMap(({ inputs }) => inputs));
  for (const { inputs } of writer.nodes) for (const name of inputs) replaced.delete(name);
  return {
    ...model,
    nodes: writer.nodes,
    constants: new Map([...model.constants, ...writer.constants]),
    inputs: [...model.inputs.filter(({ name }) => !replaced.has(name)), ...noise.map(noiseInput)],
  };
}
