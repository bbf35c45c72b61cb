// Convolutions that are not tiled: grouped ones, and those whose kernels are too wide to unroll. Fetched when a model
// has one.

import { packGrouped } from '../../codegen/pack-grouped-weights.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { declareGeometry, phaseCode, scaleShiftCode } from './conv-common.ts';
import convNaive from './conv-naive.wgsl?raw';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';

/** Declares `load(n, y, x, c)`, also for pixels beyond the border. */
function declareLoad(shader: ShaderBuilder, { prologue, padding, x }: Convolution): void {
  shader.add(phaseCode('phase_x', x));
  shader.add(`const EDGE = ${padding === 'edge'};`);
  if (prologue) shader.valueFunction('prepare', prologue);
  shader.add(`
fn load(n: i32, y: i32, x: i32, c: i32) -> vec4f {
  let at = clamp(vec2i(y, x), vec2i(0), sizes[2].zw - 1);
  if (!EDGE && any(at != vec2i(y, x))) {
    return vec4f(0);
  }
  return ${prologue ? 'prepare' : ''}(read_0(n, at.x, at.y, c));
}`);
}

export function compileNaiveConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { weights, group, name, output } = operation;
  const [n, , height, width] = output.shape;
  shader.readInputs();
  declareGeometry(shader, operation);
  declareLoad(shader, operation);
  shader.add(`const GROUPS = ${group};`);
  const data = packGrouped(weights, group, name);
  shader.bind({ kind: 'data', data }, 'var<storage, read> weights: array<f32>');
  shader.finish(() => scaleShiftCode(shader, operation, 1));
  return shader.kernel(convNaive, linearWorkgroups(n * height * width * channelBlocks(output)));
}
