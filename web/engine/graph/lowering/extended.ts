// Operators that our own looks do not use, and the rarer kinds of nodes of those that they use. Fetched when a
// model has one.

import type { Lowering } from './elementwise.ts';
import { ELEMENTWISE_EXTENDED } from './elementwise-extended.ts';
import { lowerGemm } from './gemm.ts';
import { lowerAffineGrid, lowerGridSample } from './grid-sample.ts';
import { lowerMatMul } from './matmul.ts';
import {
  lowerAnyConcat,
  lowerDepthToSpace,
  lowerDropout,
  lowerExpand,
  lowerFlatten,
  lowerGather,
  lowerIdentity,
  lowerReshape,
  lowerSpaceToDepth,
  lowerSplit,
  lowerSqueeze,
  lowerTile,
  lowerUnsqueeze,
} from './movement-extended.ts';
import {
  lowerBatchNorm,
  lowerGroupNorm,
  lowerInstanceNorm,
  lowerLayerNorm,
  lowerLocalResponse,
} from './normalization.ts';
import { lowerAveragePool, lowerLpPool, lowerMaxPool } from './pool.ts';
import { lowerAnyDequantize, lowerQuantize, lowerScaled } from './quantize.ts';
import { lowerGlobalPool, lowerReduce, lowerSoftmax } from './reduce.ts';
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

export const EXTENDED: Readonly<Record<string, Lowering>> = {
  ...ELEMENTWISE_EXTENDED,
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
  Div: lowerScaled,
  Dropout: lowerDropout,
  Expand: lowerExpand,
  Flatten: lowerFlatten,
  Gather: lowerGather,
  Gemm: lowerGemm,
  GlobalAveragePool: lowerGlobalPool,
  GlobalMaxPool: lowerGlobalPool,
  GridSample: lowerGridSample,
  GroupNormalization: lowerGroupNorm,
  Identity: lowerIdentity,
  InstanceNormalization: lowerInstanceNorm,
  LRN: lowerLocalResponse,
  LayerNormalization: lowerLayerNorm,
  LogSoftmax: lowerSoftmax,
  LpPool: lowerLpPool,
  MatMul: lowerMatMul,
  MaxPool: lowerMaxPool,
  Mul: lowerScaled,
  QuantizeLinear: lowerQuantize,
  Range: lowerRange,
  ReduceL1: lowerReduce,
  ReduceL2: lowerReduce,
  ReduceLogSum: lowerReduce,
  ReduceLogSumExp: lowerReduce,
  ReduceMax: lowerReduce,
  ReduceMean: lowerReduce,
  ReduceMin: lowerReduce,
  ReduceProd: lowerReduce,
  ReduceSum: lowerReduce,
  ReduceSumSquare: lowerReduce,
  Reshape: lowerReshape,
  Resize: lowerResize,
  Shape: lowerShape,
  Size: lowerSize,
  Softmax: lowerSoftmax,
  SpaceToDepth: lowerSpaceToDepth,
  Split: lowerSplit,
  Squeeze: lowerSqueeze,
  Tile: lowerTile,
  Unsqueeze: lowerUnsqueeze,
  Upsample: lowerResize,
};
