/** Deeper networks for pictures of 32 pixels, as `limner lab` has them: ResNet-20 (He et al. 2015, section 4.2, shortcuts of
 * option A) and MobileNet (Howard et al. 2017, with stride 1 in the first convolution). */
import type { OnnxModel } from '../../engine/training/index.ts';
import { addNormalization, INPUT, OUTPUT } from './classifiers.ts';
import { int, ints, ModelBuilder } from './model-builder.ts';

export const DEEP_NAMES = ['resnet20', 'mobilenet'] as const;
export type DeepName = (typeof DEEP_NAMES)[number];

const SIDE = 32;
const CHANNELS = 3;
/** Residual blocks of each width: the paper's n. */
const BLOCKS = 3;
const WIDTHS = [16, 32, 64] as const;

/** Channels and stride of each depthwise-separable block: table 1 of MobileNet's paper. */
const SEPARABLE: readonly (readonly [width: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  [1024, 2],
  [1024, 1],
];
const STEM = 32;

interface ConvShape {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** Maps of the layer that was added last. */
class Trunk {
  readonly #builder = new ModelBuilder();
  #values = addNormalization(this.#builder, CHANNELS);
  #count = 0;

  /** A convolution and its batch norm, whose statistics are those of a network that has not learned. */
  conv({ from, to, kernel, stride = 1, groups = 1 }: ConvShape): this {
    const name = `conv${++this.#count}`;
    const pad = (kernel - 1) / 2;
    const weight = this.#builder.constant(`${name}.weight`, [to, from / groups, kernel, kernel]);
    const made = this.#builder.node('Conv', [this.#values, weight], name, {
      kernel_shape: ints([kernel, kernel]),
      pads: ints([pad, pad, pad, pad]),
      strides: ints([stride, stride]),
      group: int(groups),
    });
    const vector = (of: string, value: number) =>
      this.#builder.constant(`${name}.norm.${of}`, [to], new Float32Array(to).fill(value));
    const norm = [vector('scale', 1), vector('shift', 0), vector('mean', 0), vector('variance', 1)];
    this.#values = this.#builder.node('BatchNormalization', [made, ...norm], `${name}.norm`);
    return this;
  }

  relu(): this {
    this.#values = this.#builder.node('Relu', [this.#values], `${this.#values}.relu`);
    return this;
  }

  /** Two convolutions, and the input added to them; of fewer channels, every second pixel with channels of zeros around. */
  residual(from: number, to: number): this {
    const before = this.#values;
    const stride = to / from;
    this.conv({ from, to, kernel: 3, stride }).relu().conv({ from: to, to, kernel: 3 });
    const name = `shortcut${this.#count}`;
    const shortcut = stride === 1 ? before : this.#narrow(before, name, (to - from) / 2);
    this.#values = this.#builder.node('Add', [this.#values, shortcut], `${name}.sum`);
    return this.relu();
  }

  #narrow(values: string, name: string, channels: number): string {
    const list = (of: string, numbers: readonly number[]) => this.#builder.integers(`${name}.${of}`, numbers);
    const window = [list('starts', [0, 0]), list('ends', [SIDE, SIDE]), list('axes', [2, 3])];
    const half = this.#builder.node('Slice', [values, ...window, list('steps', [2, 2])], `${name}.half`);
    const pads = list('pads', [0, channels, 0, 0, 0, channels, 0, 0]);
    return this.#builder.node('Pad', [half, pads], name);
  }

  /** The mean of each map, and a dense layer from these to scores of classes. */
  finish(width: number, classes: number): OnnxModel {
    const means = this.#builder.node('GlobalAveragePool', [this.#values], 'means');
    const flat = this.#builder.node('Flatten', [means], 'flat', { axis: int(1) });
    this.#builder.dense(OUTPUT, flat, width, classes);
    return this.#builder.model({ [INPUT]: ['N', CHANNELS, SIDE, SIDE] }, { [OUTPUT]: ['N', classes] });
  }
}

function buildResNet20(classes: number): OnnxModel {
  const trunk = new Trunk().conv({ from: CHANNELS, to: WIDTHS[0], kernel: 3 }).relu();
  let from: number = WIDTHS[0];
  for (const width of WIDTHS) {
    for (let block = 0; block < BLOCKS; block++) {
      trunk.residual(from, width);
      from = width;
    }
  }
  return trunk.finish(from, classes);
}

function buildMobileNet(classes: number): OnnxModel {
  const trunk = new Trunk().conv({ from: CHANNELS, to: STEM, kernel: 3 }).relu();
  let from = STEM;
  for (const [width, stride] of SEPARABLE) {
    trunk.conv({ from, to: from, kernel: 3, stride, groups: from }).relu();
    trunk.conv({ from, to: width, kernel: 1 }).relu();
    from = width;
  }
  return trunk.finish(from, classes);
}

/** Pictures (N, 3, 32, 32) of 0..1 to scores of classes before softmax. Convolutions and the last layer have weights of
 * zero. */
export const buildDeepClassifier = (net: DeepName, classes: number): OnnxModel =>
  net === 'resnet20' ? buildResNet20(classes) : buildMobileNet(classes);
