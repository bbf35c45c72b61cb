// Convolutions that are not tiled: grouped ones, and those whose kernels are too wide to unroll. Fetched when a model
// has one.

import { packGrouped } from '../../codegen/pack-grouped-weights.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { axisCode, declareGeometry, declareWeights, outputBases, scaleShiftCode } from './conv-common.ts';
import convGrouped from './conv-grouped.wgsl?raw';
import convNaive from './conv-naive.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';

/** Declares `load(n, y, x, c)`, which checks the bounds. */
function declareLoad(shader: ShaderBuilder, { prologue, x }: Convolution): void {
  shader.add(axisCode('x', x));
  shader.add(`
fn load(n: i32, y: i32, x: i32, c: i32) -> vec4f {
  if (y < 0 || x < 0 || y >= sizes[2].z || x >= sizes[2].w) {
    return vec4f(0);
  }
  return ${prologue ? 'prepare(read_0(n, y, x, c))' : 'read_0(n, y, x, c)'};
}`);
}

export function compileNaiveConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { weights, group, name, output, x, y } = operation;
  const [n, , height, width] = output.shape;
  const out = channelBlocks(output);
  shader.readInputs();
  declareGeometry(shader, operation);
  declareLoad(shader, operation);
  const value = () => scaleShiftCode(shader, operation);
  if (group > 1) {
    shader.add(`const GROUPS = ${group};`);
    const data = packGrouped(weights, group, name);
    shader.bind({ kind: 'data', data }, 'var<storage, read> weights: array<f32>');
    shader.finish(value);
    return shader.kernel(convGrouped, linearWorkgroups(n * height * width * out));
  }
  declareWeights(shader, operation);
  const [rows, columns] = outputBases(operation);
  shader.add(`const BASES = ${shader.size(rows, columns)};`);
  shader.finish(value);
  const phases = y.outputStride * x.outputStride;
  return shader.kernel(convNaive, [Math.ceil(columns / 32), Math.ceil((n * rows) / 8), out * phases]);
}
