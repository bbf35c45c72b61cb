// The tile of a convolution that is computed as a matrix product: a shape, fitted to it.

import { channelsOf } from '../../codegen/pack-weights.ts';
import { multiplyAdds } from '../../graph/ir/cost.ts';
import type { ConvAxis, Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES } from '../../graph/ir/tensor.ts';
import type { GemmShape } from './config.ts';
import { isHeavy } from './conv-class.ts';
import { outputBases } from './conv-common.ts';

/** `split` parts of a workgroup share the sums. */
export interface GemmTile extends GemmShape {
  readonly split: number;
}

/** Blocks of input channels. */
export const blocksOf = ({ weights }: Convolution): number =>
  Math.ceil(channelsOf(weights, 1).inputs / LANES);

/** Bytes of workgroup memory that every GPU has; and those that leave room for other workgroups. */
const MAX_BYTES = 16384;
const USUAL_BYTES = 11264;
const MAX_THREADS = 256;
/** Threads of a workgroup below which some GPUs are partly idle. */
const MIN_THREADS = 64;
const MAX_COLUMNS = 16;
const FEW_BLOCKS = 2;
/** Multiply-adds below which idle threads do not matter. */
const LITTLE_WORK = 1e6;
/** Multiply-adds from which on a small image gets a tile of its own size. */
const MUCH_WORK = 100e6;

const powerAbove = (size: number): number => 2 ** Math.ceil(Math.log2(size));

/** Fits a shape to a convolution: narrower where there are few channels, and smaller where there are few outputs. Then
 * parts of a workgroup share the sums. */
export function fitGemm(given: GemmShape, minThreads: number, operation: Convolution): GemmTile {
  const { output, x, y } = operation;
  const out = channelBlocks(output);
  const [height, width] = outputBases(operation);
  let { columns, rows, blocks, quads, terms } = given;
  const local = () => ((columns * rows) / 4 / quads) * blocks;
  const bytes = () => 16 * (4 * terms + 1) * ((columns * rows) / 4 + blocks);
  const isLight = !isHeavy(operation);
  const mostWaste = isLight ? 4 / 3 : 5 / 4;
  while (blocks > 1 && Math.ceil(out / blocks) * blocks > mostWaste * out) blocks /= 2;
  // Light layers share pipelines, at the price of idle threads.
  if (blocks < given.blocks && isLight) blocks = Math.min(blocks, FEW_BLOCKS);
  const work = multiplyAdds(operation);
  const side = Math.max(width, height) <= 4 && work < MUCH_WORK ? 2 : work < LITTLE_WORK ? 8 : 0;
  columns = Math.min(columns, side || powerAbove(Math.max(width, 2)));
  rows = Math.min(rows, side || powerAbove(Math.max(height, 2)));
  const isNarrow = blocks < given.blocks;
  while (isNarrow && local() < MIN_THREADS && columns < Math.min(width, MAX_COLUMNS)) columns *= 2;
  while (isNarrow && local() < MIN_THREADS && rows < height) rows *= 2;
  while (quads > 1 && local() < MIN_THREADS) quads /= 2;
  while (terms > 1 && bytes() > USUAL_BYTES) terms /= 2;
  const groups = () =>
    output.shape[0] *
    Math.ceil(height / rows) *
    Math.ceil(width / columns) *
    Math.ceil(out / blocks) *
    y.outputStride *
    x.outputStride;
  if (quads > 1 && local() * groups() < minThreads) {
    quads = 1;
    columns = Math.min(columns, given.columns / given.quads);
  }
  const least = (axis: ConvAxis) => Math.min(...axis.phases.map(({ count }) => count));
  const all = least(y) * least(x) * blocksOf(operation);
  let split = 1;
  const canSplit = () =>
    2 * split * terms <= all &&
    2 * split * local() <= MAX_THREADS &&
    2 * split * bytes() + local() * 4 * quads * 16 <= MAX_BYTES;
  while (split * local() < MIN_THREADS || split * local() * groups() < minThreads) {
    if (canSplit()) split *= 2;
    else if (split * local() < MIN_THREADS && terms > 1) terms /= 2;
    else break;
  }
  return { columns, rows, blocks, quads, terms, split };
}
