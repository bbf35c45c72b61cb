// Convolutions as matrix products through workgroup memory: the geometry, and the unrolled products of a thread.

import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import {
  bindGeometry,
  blocksOf,
  declareFetch,
  declareWeights,
  floatBits,
  outputBases,
  scaleShiftCode,
} from './conv-common.ts';
import convGemm from './conv-gemm.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { anyColumnCode } from './weight-unpacking.ts';

/** A tile of outputs: `GEMM_SIDE` x `GEMM_SIDE` pixels, in blocks of channels; and terms of a sum that are brought at
 * once. */
export const GEMM_SIDE = 8;
export const GEMM_BLOCKS = 8;
export const GEMM_TERMS = 4;

export function compileGemmConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { output, weights, y, x } = operation;
  const [height, width] = outputBases(operation);
  const down = Math.ceil(height / GEMM_SIDE);
  const across = Math.ceil(width / GEMM_SIDE);
  shader.readInputs();
  const [, , kh, kw] = weights.dims;
  const blocksIn = blocksOf(operation);
  bindGeometry(
    shader,
    [y, x],
    [y.phases, x.phases],
    [
      [kw, floatBits(1 / blocksIn), down, across],
      [kh * kw * blocksIn, 0, 0, 0],
    ],
  );
  // Plain convolutions and those of stride 2 that double have arrays of one length.
  for (let more = y.phases.length + x.phases.length; more < 4; more++) shader.size(0);
  declareFetch(shader, operation, true);
  const unit = declareWeights(shader, operation, anyColumnCode);
  shader.finish(() => scaleShiftCode(shader, operation, unit));
  shader.add(`const SIDE = ${GEMM_SIDE};
const BLOCKS = ${GEMM_BLOCKS};
const TERMS = ${GEMM_TERMS};
${multiplyCode()}`);
  const tiles = output.shape[0] * down * across * Math.ceil(channelBlocks(output) / GEMM_BLOCKS);
  const [groups, more] = linearWorkgroups(tiles, 1);
  return shader.kernel(convGemm, [groups, more, y.outputStride * x.outputStride]);
}

/** Indices are constants, so that they need no check. */
function multiplyCode(): string {
  const lines = Array.from({ length: 4 * GEMM_TERMS }, (_, i) => [
    `  let v${i} = inputs[quad][${i}];`,
    `  let w${i} = weights_in[block][${i}];`,
    ...[0, 1, 2, 3].map(p => `  (*sum)[${p}] += w${i} * v${i}.${'xyzw'[p]};`),
  ]);
  return `fn multiply(sum: ptr<function, array<vec4f, 4>>, quad: i32, block: i32) {
${lines.flat().join('\n')}
}`;
}
