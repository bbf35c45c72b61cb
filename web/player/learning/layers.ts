/** Writes a small network of a picture layer by layer, with random weights. */
import { type Constant, constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../../engine/onnx/model.ts';
import { float, ints, NodeWriter, text } from '../../engine/onnx/node-writer.ts';
import type { Size } from './example.ts';
import { randomNumbers } from './random.ts';

interface ConvOptions {
  readonly side?: number;
  readonly stride?: number;
  /** Of the weights, which are uniform with the deviation `gain / sqrt(fan in)` (He et al. 2015). Default: that for ReLU.
   * Biases are zeros. */
  readonly gain?: number;
}

const OPSET = 17;
const FLOAT32 = 1;

export class Layers {
  readonly writer: NodeWriter;
  readonly #weights = new Map<string, Constant>();
  readonly #random: () => number;

  /** The names are those of the inputs and outputs. */
  constructor(names: readonly string[], seed: number) {
    this.writer = new NodeWriter(names, OPSET);
    this.#random = randomNumbers(seed);
  }

  /** A convolution, padded by one pixel. */
  conv(name: string, input: string, from: number, to: number, options: ConvOptions = {}): string {
    const { side = 3, stride = 1, gain = Math.SQRT2 } = options;
    const dims = [to, from, side, side];
    const [weight, bias] = [`${name} weight`, `${name} bias`];
    const fanIn = from * side ** 2;
    const bound = gain * Math.sqrt(3 / fanIn);
    const values = Float32Array.from({ length: to * fanIn }, () => bound * (2 * this.#random() - 1));
    this.#weights.set(weight, constantOf(weight, dims, values));
    this.#weights.set(bias, constantOf(bias, [to], new Float32Array(to)));
    return this.writer.add('Conv', [input, weight, bias], {
      kernel_shape: ints([side, side]),
      pads: ints([1, 1, 1, 1]),
      strides: ints([stride, stride]),
    });
  }

  /** With a slope for what is below 0. */
  relu(input: string, slope = 0): string {
    return slope === 0
      ? this.writer.add('Relu', [input])
      : this.writer.add('LeakyRelu', [input], { alpha: float(slope) });
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

  /** The network, from `image` of that size to outputs of those names and channels. */
  model({ width, height }: Size, outputs: readonly string[]): OnnxModel {
    const value = (name: string): OnnxValue => ({ name, type: FLOAT32, dims: [1, 3, height, width] });
    const { nodes, constants } = this.writer;
    return {
      size: 0,
      opset: OPSET,
      metadata: new Map(),
      nodes,
      constants: new Map([...constants, ...this.#weights]),
      inputs: [value('image')],
      outputs: outputs.map(value),
    };
  }
}
