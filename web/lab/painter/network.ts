/** Networks of a place: they take x and y, from -1 to 1, and give a colour. One description serves training (ONNX), showing
 * and GLSL, and the CPU. */
import type { OnnxModel } from '../../engine/training/index.ts';
import { int, ints, ModelBuilder, text } from '../network/model-builder.ts';
import { normal, randomNumbers } from '../numbers/random.ts';

export type Activation = 'sigmoid' | 'tanh' | 'relu' | 'step' | 'identity' | 'sine';

/** A dense layer of each pixel: act(factor * (W x + b)). */
export interface PixelLayer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly act: Activation;
  /** SIREN's w0; else 1. */
  readonly factor: number;
  /** Its numbers are drawn once, and not learned: Fourier features. */
  readonly isFixed: boolean;
}

export interface PixelNetwork {
  /** Numbers of a place: x and y, and what else a CPPN is given. */
  readonly inputs: number;
  /** Sides of square tables that are read with linear interpolation in place of x and y; none for other networks. */
  readonly grids: readonly number[];
  readonly layers: readonly PixelLayer[];
}

export type Weights = ReadonlyMap<string, Float32Array>;

export const KINDS = ['mlp', 'siren', 'fourier', 'grid'] as const;
export type Kind = (typeof KINDS)[number];

export interface Shape {
  readonly kind: Kind;
  readonly depth: number;
  readonly width: number;
  readonly act: Activation;
}

/** SIREN's w0 (Sitzmann et al. 2020). */
const OMEGA = 30;
/** Frequencies of Fourier features, and their standard deviation in turns over half of the picture (Tancik et al. 2020). */
const FREQUENCIES = 64;
const SIGMA = 5;
/** Numbers of a node of a grid, four, so that a texel holds them. */
export const GRID_CHANNELS = 4;
export const GRID_SIDES = [8, 16, 32, 64, 128] as const;
const GRID_BOUND = 1e-2;

export const gridName = (side: number): string => `grid${side}`;

const layer = (name: string, from: number, to: number, act: Activation, factor = 1, isFixed = false) => ({
  name,
  from,
  to,
  act,
  factor,
  isFixed,
});

export function makeNetwork({ kind, depth, width, act }: Shape): PixelNetwork {
  const grids = kind === 'grid' ? GRID_SIDES : [];
  const first = kind === 'fourier' ? [layer('fourier', 2, 2 * FREQUENCIES, 'sine', 1, true)] : [];
  const start = kind === 'grid' ? grids.length * GRID_CHANNELS : (first[0]?.to ?? 2);
  const [bend, factor] = kind === 'siren' ? (['sine', OMEGA] as const) : [kind === 'mlp' ? act : 'relu', 1];
  const hidden = Array.from({ length: depth }, (_, i) =>
    layer(`hidden${i + 1}`, i === 0 ? start : width, width, bend, factor),
  );
  const output = layer('colour', depth > 0 ? width : start, 3, kind === 'mlp' ? 'sigmoid' : 'identity');
  return { inputs: 2, grids, layers: [...first, ...hidden, output] };
}

export const learnedLayers = ({ layers }: PixelNetwork): PixelLayer[] =>
  layers.filter(({ isFixed }) => !isFixed);

/** The last layer, which gives the colour. Throws if there is none. */
export function outputLayer({ layers }: PixelNetwork): PixelLayer {
  const last = layers.at(-1);
  if (!last) throw new Error('The network has no layer.');
  return last;
}

/** The name of the model's output. */
export function outputName(network: PixelNetwork): string {
  const { name, act } = outputLayer(network);
  return act === 'identity' ? name : `${name} ${act}`;
}

/** Names of the weights of a layer, or of all grids. */
export const namesOf = ({ name }: PixelLayer): string[] => [`${name}.weight`, `${name}.bias`];
export const gridNames = ({ grids }: PixelNetwork): string[] => grids.map(gridName);

/** Numbers of all grids. */
export const gridNumbers = ({ grids }: PixelNetwork): number =>
  grids.reduce((sum, side) => sum + GRID_CHANNELS * side * side, 0);

export const countParameters = (network: PixelNetwork): number =>
  learnedLayers(network).reduce((sum, { from, to }) => sum + (from + 1) * to, gridNumbers(network));

/** Products of a pixel. */
export const multiplyAdds = ({ layers, grids }: PixelNetwork): number =>
  layers.reduce((sum, { from, to }) => sum + from * to, 4 * GRID_CHANNELS * grids.length);

/** First weights, by the seed. Bounds are those of each network's paper; else torch's of a linear layer, but for ReLU,
 * whose bound is He's. */
export function drawWeights(network: PixelNetwork, seed: number): Map<string, Float32Array> {
  const random = randomNumbers(seed, 77);
  const weights = new Map<string, Float32Array>();
  const uniform = (count: number, bound: number, middle = 0) => {
    const drawn = new Float32Array(count);
    for (let i = 0; i < count; i++) drawn[i] = middle + bound * (2 * random() - 1);
    return drawn;
  };
  for (const side of network.grids) {
    weights.set(gridName(side), uniform(GRID_CHANNELS * side * side, GRID_BOUND));
  }
  network.layers.forEach((one, i) => {
    const { from, to, act, factor, isFixed } = one;
    const [weightName = '', biasName = ''] = namesOf(one);
    if (isFixed) {
      const half = Float32Array.from({ length: to }, () => 2 * Math.PI * SIGMA * normal(random));
      // The same frequencies twice, a quarter of a turn apart: sines and cosines.
      weights.set(weightName, Float32Array.of(...half, ...half));
      weights.set(
        biasName,
        Float32Array.from({ length: to }, (_, k) => (k < to / 2 ? 0 : Math.PI / 2)),
      );
      return;
    }
    const isOutput = i === network.layers.length - 1;
    const isSine = factor !== 1 || (isOutput && network.layers[i - 1]?.factor !== 1 && i > 0);
    const sine = i === 0 ? 1 / from : Math.sqrt(6 / from) / OMEGA;
    const bound = isSine ? sine : act === 'relu' ? Math.sqrt(6 / from) : 1 / Math.sqrt(from);
    weights.set(weightName, uniform(from * to, bound));
    // The middle grey to begin with, where no sigmoid gives it.
    weights.set(biasName, uniform(to, isSine ? bound : 0, isOutput && act === 'identity' ? 0.5 : 0));
  });
  return weights;
}

const NODES = { sigmoid: 'Sigmoid', tanh: 'Tanh', relu: 'Relu', sine: 'Sin' } as const;

/** The network as a model: places (1, inputs, H, W) in, colours (1, 3, H, W) out. */
export function buildModel(
  network: PixelNetwork,
  weights: Weights,
  height: number | string,
  width: number | string,
): OnnxModel {
  const builder = new ModelBuilder();
  const constant = (name: string, dims: readonly number[]) =>
    builder.constant(name, dims, weights.get(name)?.slice());
  let values = 'xy';
  if (network.grids.length > 0) {
    const places = builder.node('Transpose', [values], 'places', { perm: ints([0, 2, 3, 1]) });
    const read = network.grids.map(side =>
      builder.node(
        'GridSample',
        [constant(gridName(side), [1, GRID_CHANNELS, side, side]), places],
        `read ${side}`,
        { mode: text('bilinear'), padding_mode: text('border'), align_corners: int(1) },
      ),
    );
    values = builder.node('Concat', read, 'features', { axis: int(1) });
  }
  for (const one of network.layers) {
    const { name, from, to, act, factor } = one;
    const [weightName = '', biasName = ''] = namesOf(one);
    const inputs = [values, constant(weightName, [to, from, 1, 1]), constant(biasName, [to])];
    values = builder.node('Conv', inputs, name, { kernel_shape: ints([1, 1]) });
    if (factor !== 1) {
      const times = builder.constant(`${name} factor`, [1], Float32Array.of(factor));
      values = builder.node('Mul', [values, times], `${name} scaled`);
    }
    if (act === 'identity') continue;
    if (act === 'step') {
      values = builder.node('Relu', [builder.node('Sign', [values], `${name} sign`)], `${name} step`);
      continue;
    }
    values = builder.node(NODES[act], [values], `${name} ${act}`);
  }
  return builder.model({ xy: [1, network.inputs, height, width] }, { [values]: [1, 3, height, width] });
}
