// Operators of other people's networks: our own looks neither have them nor need them to learn. Fetched when a model has one.

import type { Lowering } from './elementwise.ts';
import { lowerAffineGrid, lowerGridSample } from './grid-sample.ts';
import {
  lowerAnyConcat,
  lowerDepthToSpace,
  lowerDropout,
  lowerFlatten,
  lowerGather,
  lowerSpaceToDepth,
  lowerSplit,
  lowerSqueeze,
  lowerTile,
  lowerUnsqueeze,
} from './movement-foreign.ts';
import {
  lowerBatchNorm,
  lowerGroupNorm,
  lowerInstanceNorm,
  lowerLayerNorm,
  lowerLocalResponse,
} from './normalization.ts';
import { lowerAveragePool, lowerLpPool, lowerMaxPool } from './pool.ts';
import { lowerAnyDequantize, lowerQuantize } from './quantize.ts';
import { lowerResize } from './resize.ts';
import {
  lowerAnyCast,
  lowerCastLike,
  lowerConstant,
  lowerConstantOfShape,
  lowerRange,
  lowerShape,
  lowerSize,
} from './shape-ops.ts';

export const FOREIGN: Readonly<Record<string, Lowering>> = {
  AffineGrid: lowerAffineGrid,
  AveragePool: lowerAveragePool,
  BatchNormalization: lowerBatchNorm,
  Cast: lowerAnyCast,
  CastLike: lowerCastLike,
  Concat: lowerAnyConcat,
  Constant: lowerConstant,
  ConstantOfShape: lowerConstantOfShape,
  DepthToSpace: lowerDepthToSpace,
  DequantizeLinear: lowerAnyDequantize,
  Dropout: lowerDropout,
  Flatten: lowerFlatten,
  Gather: lowerGather,
  GridSample: lowerGridSample,
  GroupNormalization: lowerGroupNorm,
  InstanceNormalization: lowerInstanceNorm,
  LRN: lowerLocalResponse,
  LayerNormalization: lowerLayerNorm,
  LpPool: lowerLpPool,
  MaxPool: lowerMaxPool,
  QuantizeLinear: lowerQuantize,
  Range: lowerRange,
  Resize: lowerResize,
  Shape: lowerShape,
  Size: lowerSize,
  SpaceToDepth: lowerSpaceToDepth,
  Split: lowerSplit,
  Squeeze: lowerSqueeze,
  Tile: lowerTile,
  Unsqueeze: lowerUnsqueeze,
  Upsample: lowerResize,
};
