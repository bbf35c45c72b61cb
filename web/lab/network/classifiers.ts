/** Networks that tell classes apart, as `limner lab` has them, and smaller ones: layer by layer. */
import type { OnnxModel } from '../../engine/training/index.ts';
import { int, ints, ModelBuilder } from './model-builder.ts';

const BUILT = ['lenet', 'conv3', 'perceptron', 'linear'] as const;
export type BuiltNet = (typeof BUILT)[number];
/** `limner lab` builds these, as files that may lie beside the page. */
export const FILE_NETS = ['cnn', 'resnet8', 'airbench-quarter'] as const;
export const NET_NAMES = [...BUILT, ...FILE_NETS] as const;
export type NetName = (typeof NET_NAMES)[number];

export const isBuilt = (net: NetName): net is BuiltNet => BUILT.includes(net as BuiltNet);

/** What one example is: channels, height and width, or a row of features. */
export type ExampleDims = readonly [channels: number, height: number, width: number] | readonly [number];

export interface NetShape {
  readonly net: BuiltNet;
  /** Hidden units of the perceptron. */
  readonly units: number;
}

/** Means and deviations of the channels, which the network takes off itself: those of MNIST and of CIFAR-10. */
const SCALES = {
  1: [[0.1307], [0.3081]],
  3: [
    [0.4914, 0.4822, 0.4465],
    [0.247, 0.2435, 0.2616],
  ],
} as const;

type LayerSpec =
  | readonly ['conv', out: number, kernel: number, pad: number]
  | 'pool'
  | readonly [units: number];

/** Layers before the last one. Each convolution and each hidden layer is followed by ReLU. */
function layersOf({ net, units }: NetShape, side: number): readonly LayerSpec[] {
  switch (net) {
    case 'lenet':
      return [['conv', 6, 5, (32 - side) / 2], 'pool', ['conv', 16, 5, 0], 'pool', [120], [84]];
    case 'conv3':
      return [['conv', 32, 3, 1], 'pool', ['conv', 64, 3, 1], 'pool', ['conv', 64, 3, 1], 'pool'];
    case 'perceptron':
      return [[units]];
    case 'linear':
      return [];
    default:
      return net satisfies never;
  }
}

export const INPUT = 'pictures';
export const OUTPUT = 'scores';

/** Adds what takes off means and deviations of the pictures' channels, and returns its output. */
export function addNormalization(builder: ModelBuilder, channels: number): string {
  const [mean, deviation] = SCALES[channels === 1 ? 1 : 3];
  const constant = (name: string, given: readonly number[]) =>
    builder.constant(name, [1, channels, 1, 1], Float32Array.from(given));
  const moved = builder.node('Sub', [INPUT, constant('mean', mean)], 'moved');
  return builder.node('Div', [moved, constant('deviation', deviation)], 'scaled');
}

/** A network for examples of that shape, to scores of classes before softmax. Its weights are zero until `initialize`. */
export function buildClassifier(shape: NetShape, dims: ExampleDims, classes: number): OnnxModel {
  const builder = new ModelBuilder();
  let [channels = 1, height = 1, width = 1] = dims;
  let values = INPUT;
  if (dims.length === 3) values = addNormalization(builder, channels);
  let isFlat = dims.length === 1;
  const flatten = () => {
    if (!isFlat) values = builder.node('Flatten', [values], 'flat', { axis: int(1) });
    isFlat = true;
    channels *= height * width;
    height = 1;
    width = 1;
  };
  let count = 0;
  for (const layer of layersOf(shape, height)) {
    count++;
    if (layer === 'pool') {
      values = builder.node('MaxPool', [values], `pool${count}`, {
        kernel_shape: ints([2, 2]),
        strides: ints([2, 2]),
      });
      height = Math.floor(height / 2);
      width = Math.floor(width / 2);
    } else if (layer[0] === 'conv') {
      const [, out, kernel, pad] = layer;
      const name = `conv${count}`;
      const weight = builder.constant(`${name}.weight`, [out, channels, kernel, kernel]);
      const bias = builder.constant(`${name}.bias`, [out]);
      values = builder.node('Conv', [values, weight, bias], name, {
        kernel_shape: ints([kernel, kernel]),
        pads: ints([pad, pad, pad, pad]),
      });
      values = builder.node('Relu', [values], `${name}.relu`);
      channels = out;
      height += 2 * pad - kernel + 1;
      width += 2 * pad - kernel + 1;
    } else {
      flatten();
      const [units] = layer;
      values = builder.dense(`dense${count}`, values, channels, units);
      values = builder.node('Relu', [values], `dense${count}.relu`);
      channels = units;
    }
  }
  flatten();
  builder.dense(OUTPUT, values, channels, classes);
  return builder.model({ [INPUT]: ['N', ...dims] }, { [OUTPUT]: ['N', classes] });
}
