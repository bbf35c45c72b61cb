// How a gradient by the weights of a convolution is shared out among fragments. A fragment sums the products of a tile of
// weights over its part of the pixels, into all texels that it can draw. So it reads a run of pixels once for all of them.
// Another draw adds up the parts, in one order.

import type { ConvWeightGradient } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { GpuLimits } from './texture-layout.ts';

/** Fragments that a GPU should have at once, and one in software, for which parts are work. */
const GPU_FRAGMENTS = 4096;
const SOFTWARE_FRAGMENTS = 128;
/** Products that a fragment should have, and parts that are added up. */
const MIN_PRODUCTS = 64;
const MAX_PARTS = 128;

/** The weights of one fragment: some taps of a row of the kernel, and some blocks of input channels. A texel has the sums
 * of four input channels, for one output channel. If there are fewer input channels, it has those of four output
 * channels, for one of them. */
interface WeightTile {
  readonly columns: number;
  readonly inputs: number;
  /** Output channels, or input channels if there are fewer than four. */
  readonly lanes: number;
  readonly isWhole: boolean;
}

/** All tiles of a gradient, and how many of each there are. The last tiles are those of the bias. */
export interface WeightTiling {
  readonly tile: WeightTile;
  /** Tiles along blocks of input channels, along output channels, and along the kernel. */
  readonly inputs: number;
  readonly outputs: number;
  readonly rows: number;
  readonly columns: number;
  /** Tiles of a block of output channels that a tile has not all of. */
  readonly laneTiles: number;
  readonly weights: number;
  /** With those of the bias. */
  readonly all: number;
  readonly parts: number;
}

function findTile(from: Tensor, kernelWidth: number, { layers }: GpuLimits): WeightTile {
  const isWhole = from.shape[1] >= LANES;
  const lanes = Math.min(isWhole ? LANES : from.shape[1], layers);
  const columns = Math.min(kernelWidth, Math.floor(layers / lanes));
  let inputs = 1;
  const canDouble = () => isWhole && 2 * inputs * columns * lanes <= layers;
  while (canDouble() && channelBlocks(from) % (2 * inputs) === 0) inputs *= 2;
  return { columns, inputs, lanes, isWhole };
}

export function tileWeights(
  { inputs, output, flat }: ConvWeightGradient,
  limits: GpuLimits,
  isSoftware: boolean,
): WeightTiling {
  const [from = output, gradient = output] = inputs;
  const [kernelHeight, kernelWidth] = flat?.kernel ?? [output.shape[2], output.shape[3]];
  const tile = findTile(from, kernelWidth, limits);
  const outputs = channelBlocks(gradient);
  const columns = Math.ceil(kernelWidth / tile.columns);
  const laneTiles = tile.isWhole ? LANES / tile.lanes : Math.ceil(from.shape[1] / tile.lanes);
  const inputTiles = Math.ceil(channelBlocks(from) / tile.inputs);
  const weights = inputTiles * outputs * columns * kernelHeight * laneTiles;
  const all = weights + (flat?.bias ? outputs * laneTiles : 0);
  const [n, , h, w] = gradient.shape;
  const most = Math.min((n * h * w) / MIN_PRODUCTS, n * h, MAX_PARTS);
  const wanted = (isSoftware ? SOFTWARE_FRAGMENTS : GPU_FRAGMENTS) / all;
  const parts = Math.max(1, Math.floor(Math.min(wanted, most)));
  return {
    tile,
    inputs: inputTiles,
    outputs,
    rows: kernelHeight,
    columns,
    laneTiles,
    weights,
    all,
    parts,
  };
}

/** Texels that a fragment fills. */
export const sumsOf = ({ columns, inputs, lanes }: WeightTile): number => columns * inputs * lanes;
