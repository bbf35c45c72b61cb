// Writes the operators that ONNX lacks as operators that it has, so that other runtimes run the graph too.

import { EngineError } from '../error.ts';
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
  const size = shape.reduce((product, dim) => product * dim, 1);
  const flat = (name: string) => writer.reshape(name, [-1]);
  const data = [writer.zeros([size]), flat(indices), flat(dy)];
  return writer.reshape(writer.add('ScatterElements', data, { axis: int(0), reduction: text('add') }), shape);
};

/** What a cross-entropy is made of: the targets as pictures, and whether each class is the right one. */
function readClasses(writer: NodeWriter, node: OnnxNode) {
  const [logits = '', target = ''] = node.inputs;
  const [n = 1, classes = 1, ...rest] = readInts(node, 'input_shape');
  const numbers = writer.floats(
    Float32Array.from({ length: classes }, (_, i) => i),
    [1, classes, ...rest.map(() => 1)],
  );
  const isClass = writer.add('Equal', [writer.reshape(target, [n, 1, ...rest]), numbers]);
  return { logits, isClass, rank: rest.length + 2, count: rest.reduce((a, b) => a * b, n) };
}

const crossEntropy: Expansion = (writer, node) => {
  const { logits, isClass, rank, count } = readClasses(writer, node);
  const logarithms = writer.add('LogSoftmax', [logits], { axis: int(1) });
  const picked = writer.where(isClass, logarithms, writer.number(0));
  return writer.reshape(writer.scaled(writer.sum(picked, axesFrom(0, rank)), -1 / count), []);
};

/** (softmax - 1 for the right class) / count. */
const crossEntropyGradient: Expansion = (writer, node) => {
  const { logits, isClass, count } = readClasses(writer, node);
  const shares = writer.add('Softmax', [logits], { axis: int(1) });
  const apart = writer.minus(shares, writer.where(isClass, writer.number(1), writer.number(0)));
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
