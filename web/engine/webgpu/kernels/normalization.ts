// Kernels of normalizations.

import { valuesPerMean } from '../../graph/ir/normalization.ts';
import type { Normalization } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES } from '../../graph/ir/tensor.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import normalization from './normalization.wgsl?raw';
import type { ShaderBuilder } from './shader.ts';

/** Vectors of four per mean from which on threads share them. */
const MANY = 128;

/** The sum over the channels of one vector that share a mean. */
const laneSum = (channels: number): string => {
  if (channels === 1) return 'sum';
  return channels === 2 ? 'sum + sum.yxwz' : 'vec4f(dot(sum, vec4f(1)))';
};

const SHARED_TOTAL = `
var<workgroup> parts: array<vec4f, THREADS>;

fn total(index: u32, own: vec4f) -> vec4f {
  workgroupBarrier();
  parts[index] = own;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (i32(index) < half) {
      parts[index] += parts[index + u32(half)];
    }
  }
  workgroupBarrier();
  return parts[0];
}`;
const OWN_TOTAL = 'fn total(index: u32, own: vec4f) -> vec4f { return own; }';

export function compileNormalization(shader: ShaderBuilder, operation: Normalization): Kernel {
  const { channels, axes, inverse, output } = operation;
  const { shape } = output;
  const [n, c, h, w] = shape;
  const whole = channels === c;
  const blocks = whole ? channelBlocks(output) : Math.max(1, channels / LANES);
  const pixels = valuesPerMean({ channels: 1, axes }, shape);
  const { threads } = shader.context.config;
  const shares = blocks * pixels >= MANY;
  const group = shares && threads === 64 ? 256 : threads;
  shader.readInputs();
  shader.valueFunction('inverse', inverse);
  shader.add(`const THREADS = ${group};`);
  shader.add(`const SHARE = ${shares ? group : 1};`);
  shader.add(`const TOGETHER = vec2<bool>(${axes.join(', ')});`);
  const masked = whole && c % LANES !== 0;
  shader.add(`fn lanes(value: vec4f, c: i32) -> vec4f {
  return ${masked ? 'select(vec4f(0), value, vec4i(c * 4) + vec4i(0, 1, 2, 3) < vec4i(sizes[0].y))' : 'value'};
}`);
  shader.add(`fn lane_sum(sum: vec4f) -> vec4f { return ${laneSum(channels)}; }`);
  // Layers of one kind share a pipeline, whatever their number of channels.
  shader.add(`fn blocks_together() -> i32 { return ${whole && c > LANES ? 'sizes[1].z' : blocks}; }`);
  shader.add(`fn channels_together() -> i32 { return ${whole && c > LANES ? 'sizes[0].y' : channels}; }`);
  shader.add(shares ? SHARED_TOTAL : OWN_TOTAL);
  shader.finish();
  const means = (n * h * w * channelBlocks(output)) / pixels / blocks;
  return shader.kernel(normalization, linearWorkgroups(shares ? means * group : means, group));
}
