// Convolutions of pictures of one channel, as the first layer of a network on grey pictures is: the kernels of all others
// multiply four channels, three of which would be empty. A thread has a run of neighbouring pixels.

import type { Convolution } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { declareWeights, scaleShiftCode } from './conv-common.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { fitWidth } from './step-config.ts';

/** Taps along a row, and blocks of output channels of a thread. */
const MAX_TAPS = 8;
const MAX_BLOCKS = 2;
/** Pixels of a thread: a GPU has few registers for each. */
const GPU_RUN = 4;
const SOFTWARE_RUN = 8;

export const isPlaneConv = ({ weights, group, y, x, padding, prologue }: Convolution): boolean =>
  weights.learned === true &&
  weights.dims[1] === 1 &&
  !weights.transposed &&
  group === 1 &&
  weights.dims[3] <= MAX_TAPS &&
  y.outputStride * x.outputStride === 1 &&
  padding === 'zero' &&
  !prologue;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The products of one row of the kernel. */
function rowCode({ x }: Convolution, run: number, blocks: number): string[] {
  const taps = upTo(x.phases[0]?.count ?? 0);
  const offsetOf = (p: number, tap: number) => p * x.inputStride + tap * x.inputStep;
  const offsets = [...new Set(upTo(run).flatMap(p => taps.map(tap => offsetOf(p, tap))))];
  const reads = offsets.map((offset, i) => {
    const read = `input_0[line + (from_x + ${offset}) * sizes[3].x].x`;
    return `let x${i} = select(0.0, ${read}, u32(from_x + ${offset}) < u32(sizes[2].w));`;
  });
  const weights = upTo(blocks).flatMap(b =>
    taps.map(tap => `let w${b}_${tap} = weights[4 * (tap_at + ${b} * TAPS + ${tap * x.kernelStep})];`),
  );
  const sums = upTo(blocks).flatMap(b =>
    upTo(run).map(p => {
      const terms = taps.map(tap => `w${b}_${tap} * x${offsets.indexOf(offsetOf(p, tap))}`);
      return `sum${b}_${p} += ${terms.join(' + ')};`;
    }),
  );
  return [...reads, ...weights, ...sums];
}

export function compilePlaneConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { output, weights, y, x } = operation;
  const [n, , height, width] = output.shape;
  const [, , kh, kw] = weights.dims;
  const run = shader.context.config.minThreads > 0 ? GPU_RUN : fitWidth(width, SOFTWARE_RUN);
  const blocks = channelBlocks(output) % MAX_BLOCKS === 0 ? MAX_BLOCKS : 1;
  const [down, across] = [y.phases[0], x.phases[0]].map(one => one ?? { first: 0, count: 0, start: 0 });
  const [runs, tiles] = [Math.ceil(width / run), channelBlocks(output) / blocks];
  shader.readInputs();
  const unit = declareWeights(shader, operation, () => '', 'float32');
  const at = shader.size(runs, tiles, 0, 0);
  shader.finish(() => scaleShiftCode(shader, operation, unit));
  const sums = upTo(blocks).flatMap(b => upTo(run).map(p => `sum${b}_${p}`));
  shader.add(`const TAPS = ${kh * kw};`);
  return shader.kernel(
    `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let index = i32(id.x + id.y * ROW);
  let c = index % sizes[${at}].y * ${blocks};
  let column = index / sizes[${at}].y % sizes[${at}].x * ${run};
  let row = index / (sizes[${at}].y * sizes[${at}].x) % sizes[0].z;
  let n = index / (sizes[${at}].y * sizes[${at}].x * sizes[0].z);
  if (n >= sizes[0].x) {
    return;
  }
${sums.map(name => `  var ${name} = vec4f(0);`).join('\n')}
  let from_x = column * ${x.inputStride} + ${across?.start ?? 0};
  for (var j = 0; j < ${down?.count ?? 0}; j++) {
    let from_y = row * ${y.inputStride} + ${down?.start ?? 0} + j * ${y.inputStep};
    if (from_y < 0 || from_y >= sizes[2].z) {
      continue;
    }
    let line = (n * sizes[2].z + from_y) * sizes[2].w * sizes[3].x + sizes[3].y;
    let tap_at = c * TAPS + (${down?.first ?? 0} + j * ${y.kernelStep}) * ${kw} + ${across?.first ?? 0};
${rowCode(operation, run, blocks).join('\n')}
  }
  let sums = array<vec4f, ${sums.length}>(${sums.join(', ')});
  for (var i = 0; i < ${sums.length}; i++) {
    let x = column + i % ${run};
    if (x < sizes[0].w) {
      store(sums[i], n, row, x, c + i / ${run});
    }
  }
}`,
    linearWorkgroups(n * height * runs * tiles),
  );
}
