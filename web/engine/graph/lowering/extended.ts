// Operators that our own looks only need to learn, and the rarer kinds of nodes of those that they use. Fetched when a
// model has one. What they never have is fetched apart.

import type { NodeReader } from './builder.ts';
import type { LoweringLater } from './elementwise.ts';
import { ELEMENTWISE_EXTENDED } from './elementwise-extended.ts';
import { lowerGemm } from './gemm.ts';
import { lowerMatMul } from './matmul.ts';
import { lowerExpand, lowerIdentity, lowerReshape } from './movement-extended.ts';
import { lowerScaled } from './quantized-scale.ts';
import { lowerGlobalPool, lowerReduce, lowerSoftmax } from './reduce.ts';

/** Operators whose lowerings are in `foreign.ts`. */
const FOREIGN = [
  'AffineGrid',
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'CastLike',
  'Concat',
  'Constant',
  'ConstantOfShape',
  'DepthToSpace',
  'DequantizeLinear',
  'Dropout',
  'Flatten',
  'Gather',
  'GridSample',
  'GroupNormalization',
  'InstanceNormalization',
  'LRN',
  'LayerNormalization',
  'LpPool',
  'MaxPool',
  'QuantizeLinear',
  'Range',
  'Resize',
  'Shape',
  'Size',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Unsqueeze',
  'Upsample',
];

const lowerForeign = async (node: NodeReader): Promise<void> =>
  (await import('./foreign.ts')).FOREIGN[node.node.op]?.(node);

export const EXTENDED: Readonly<Record<string, LoweringLater>> = {
  ...ELEMENTWISE_EXTENDED,
  Div: lowerScaled,
  Expand: lowerExpand,
  Gemm: lowerGemm,
  GlobalAveragePool: lowerGlobalPool,
  GlobalMaxPool: lowerGlobalPool,
  Identity: lowerIdentity,
  LogSoftmax: lowerSoftmax,
  MatMul: lowerMatMul,
  Mul: lowerScaled,
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
  Softmax: lowerSoftmax,
  ...Object.fromEntries(FOREIGN.map(op => [op, lowerForeign])),
};
