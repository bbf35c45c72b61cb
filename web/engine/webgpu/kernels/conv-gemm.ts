// Convolutions as matrix products through workgroup memory: the geometry, and the unrolled products of a thread.

import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks, type Tensor } from '../../graph/ir/tensor.ts';
import type { Precision } from '../../painter.ts';
import { blocksOf, declareWeights, outputBases, scaleShiftCode } from './conv-common.ts';
import convGemm from './conv-gemm.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { anyColumnCode } from './weight-unpacking.ts';

/** A tile of outputs: `SIDE` x `SIDE` pixels, in blocks of channels; and terms of a sum that are brought at once. As in
 * conv-gemm.wgsl. */
const SIDE = 8;
export const GEMM_BLOCKS = 8;
const TERMS = 4;

/** The bits of a float, as an integer. */
const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;

export function compileGemmConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { output, weights, padding, prologue, y, x } = operation;
  const [height, width] = outputBases(operation);
  const down = Math.ceil(height / SIDE);
  const across = Math.ceil(width / SIDE);
  shader.readInputs();
  // Bound, not text, so that layers share pipelines.
  const geometry = shader.size(y.outputStride, x.outputStride, y.inputStride, x.inputStride);
  shader.size(y.inputStep, x.inputStep, y.kernelStep, x.kernelStep);
  const [, , kh, kw] = weights.dims;
  const blocksIn = blocksOf(operation);
  shader.size(kw, floatBits(1 / blocksIn), down, across);
  const phases = [...y.phases, ...x.phases];
  for (const { first, count, start } of phases) shader.size(first, count, start, floatBits(1 / count));
  // Plain convolutions and those of stride 2 that double have arrays of one length.
  for (let more = phases.length; more < 4; more++) shader.size(0);
  // Blocks of weights for a block of outputs; and of inputs from pixel to pixel, and from row to row.
  const pitch = shader.context.plan.slices.get(operation.inputs[0] as Tensor)?.stride ?? blocksIn;
  const inputWidth = operation.inputs[0]?.shape[3] ?? 1;
  shader.add(`const PITCH = ${shader.size(kh * kw * blocksIn, pitch, pitch * inputWidth)};`);
  shader.add(`const GEOMETRY = ${geometry};`);
  shader.add(`const EDGE = ${padding === 'edge'};`);
  if (prologue) shader.valueFunction('prepare', prologue);
  const unit = declareWeights(shader, operation, anyColumnCode);
  shader.finish(() => scaleShiftCode(shader, operation, unit));
  shader.add(bringCode(operation, shader.context.config.precision));
  shader.add(multiplyCode());
  const tiles = output.shape[0] * down * across * Math.ceil(channelBlocks(output) / GEMM_BLOCKS);
  const [groups, more] = linearWorkgroups(tiles, 1);
  return shader.kernel(convGemm, [groups, more, y.outputStride * x.outputStride]);
}

/** `bring`: two channels of an input block, or zeros beyond the border. */
function bringCode({ prologue }: Convolution, precision: Precision): string {
  const pair =
    precision === 'float16'
      ? 'unpack2x16float(input_0[at][half])'
      : 'vec2f(input_0[at][2 * half], input_0[at][2 * half + 1])';
  return `fn bring(at: i32, half: i32, inside: bool) -> vec2f {
  return select(vec2f(0), ${prologue ? `prepare(vec4f(${pair}, 0, 0)).xy` : pair}, inside);
}`;
}

/** Indices are constants, so that they need no check. */
function multiplyCode(): string {
  const lines = Array.from({ length: 4 * TERMS }, (_, i) => [
    `  let v${i} = inputs[quad][${i}];`,
    `  let w${i} = weights_in[block][${i}];`,
    ...[0, 1, 2, 3].map(p => `  (*sum)[${p}] += w${i} * v${i}.${'xyzw'[p]};`),
  ]);
  return `fn multiply(sum: ptr<function, array<vec4f, 4>>, quad: i32, block: i32) {
${lines.flat().join('\n')}
}`;
}
