/**
 * The network that learns a style from painted frames, with random weights. It sees the picture in colour and adds to
 * it, so that before it has learned it paints the picture as it is. It has no norms and no layer that knows its size:
 * what it learns from patches holds for whole frames. Such training is that of Texler et al. 2020, "Interactive Video
 * Stylization Using Few-Shot Patch-Based Training".
 */
import { constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { ints, NodeWriter, text } from '../../engine/onnx/node-writer.ts';
import { normal, randomNumbers } from './random.ts';

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

const OPSET = 17;
const FLOAT32 = 1;
/** Channels at the frame's own size, at half of it and at a quarter. */
const CHANNELS = [8, 16, 24] as const;
const BLOCKS = 2;
/** Sides of frames are multiples of this: it halves twice. */
export const STRIDE = 4;

/** The network for pictures of this size. The weights depend on the seed alone. */
export function keyframeNetwork({ width, height }: FrameSize, seed: number): OnnxModel {
  const [outer, middle, inner] = CHANNELS;
  const layers = new Layers(seed);
  const fine = layers.relu(layers.conv('fine', 'image', 3, outer));
  const half = layers.relu(layers.conv('half', fine, outer, middle, 2));
  let features = layers.relu(layers.conv('quarter', half, middle, inner, 2));
  for (let block = 0; block < BLOCKS; block++) {
    const first = layers.relu(layers.conv(`block ${block} first`, features, inner, inner));
    features = layers.writer.plus(features, layers.conv(`block ${block} second`, first, inner, inner));
  }
  const wider = layers.relu(layers.conv('wider', layers.double(features), inner, middle));
  const widest = layers.conv('widest', layers.double(layers.writer.plus(wider, half)), middle, outer);
  const joined = layers.writer.plus(layers.relu(widest), fine);
  const { writer } = layers;
  writer.addNamed('painting', 'Add', ['image', layers.conv('change', joined, outer, 3, 1, 0)]);
  writer.addNamed('guide', 'Identity', ['image']);
  const value = (name: string) => ({ name, type: FLOAT32, dims: [1, 3, height, width] });
  return {
    size: 0,
    opset: OPSET,
    metadata: new Map(),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, ...layers.weights]),
    inputs: [value('image')],
    outputs: [value('painting'), value('guide')],
  };
}

class Layers {
  readonly writer = new NodeWriter(['image', 'painting', 'guide'], OPSET);
  readonly weights: OnnxModel['constants'] & Map<string, ReturnType<typeof constantOf>> = new Map();

  constructor(readonly seed: number) {}

  /** A 3x3 convolution. Its weights are from He et al. 2015 for ReLU, times `gain`; its biases are 0. */
  conv(name: string, input: string, from: number, to: number, stride = 1, gain = 1): string {
    const random = randomNumbers(this.seed, this.weights.size);
    const deviation = gain * Math.sqrt(2 / (9 * from));
    const weight = Float32Array.from({ length: to * from * 9 }, () => deviation * normal(random));
    this.weights.set(`${name} weight`, constantOf(`${name} weight`, [to, from, 3, 3], weight));
    this.weights.set(`${name} bias`, constantOf(`${name} bias`, [to], new Float32Array(to)));
    return this.writer.add('Conv', [input, `${name} weight`, `${name} bias`], {
      kernel_shape: ints([3, 3]),
      pads: ints([1, 1, 1, 1]),
      strides: ints([stride, stride]),
    });
  }

  relu(input: string): string {
    return this.writer.add('Relu', [input]);
  }

  /** Twice the size, by nearest neighbours. */
  double(input: string): string {
    const scales = this.writer.floats(Float32Array.of(1, 1, 2, 2), [4]);
    return this.writer.add('Resize', [input, '', scales], {
      mode: text('nearest'),
      coordinate_transformation_mode: text('asymmetric'),
      nearest_mode: text('floor'),
    });
  }
}
