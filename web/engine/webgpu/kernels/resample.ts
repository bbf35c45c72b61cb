// Resampling by constant banded matrices on the left and right.

import type { BandedMatrix, Resample } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import resample from './resample.wgsl?raw';
import resampleReduce from './resample-reduce.wgsl?raw';
import resampleRows from './resample-rows.wgsl?raw';
import type { ShaderBuilder } from './shader.ts';

/** Threads below which a GPU is mostly idle. Then threads split a sum. */
const MIN_THREADS = 16384;

/** `start_y(row)` and `weight_y(row, i)` of a band. Without a band, the row itself. */
function bandCode(letter: 'x' | 'y', band: BandedMatrix | null, weightsAt: number): string {
  if (!band) {
    return `fn start_${letter}(r: i32) -> i32 { return r; }\nfn weight_${letter}(r: i32, i: i32) -> f32 { return 1; }`;
  }
  const startsAt = weightsAt + band.rows * band.width;
  return `fn start_${letter}(r: i32) -> i32 { return bitcast<i32>(bands[${startsAt} + r]); }
fn weight_${letter}(r: i32, i: i32) -> f32 { return bands[${weightsAt} + r * ${band.width} + i]; }`;
}

/** Declares the matrices of a resampling: `start_y`, `weight_y`, `start_x`, `weight_x` and WIDTH. */
export function declareBands(shader: ShaderBuilder, operation: Resample): void {
  const { left, right, name } = operation;
  const lengthOf = (band: BandedMatrix | null) => (band ? band.rows * (band.width + 1) : 0);
  const fill = (target: ArrayBuffer) => {
    let at = 0;
    for (const band of [left, right]) {
      if (!band) continue;
      new Float32Array(target).set(band.weights, at);
      new Int32Array(target).set(band.starts, at + band.weights.length);
      at += lengthOf(band);
    }
  };
  const bytes = (lengthOf(left) + lengthOf(right)) * 4;
  if (bytes > 0) {
    const data = { label: `${name} matrices`, owner: operation, layout: 'matrices', bytes, fill };
    shader.bind({ kind: 'data', data }, 'var<storage, read> bands: array<f32>');
  }
  shader.add(bandCode('y', left, 0));
  shader.add(bandCode('x', right, lengthOf(left)));
  shader.add(`const WIDTH = vec2i(${left?.width ?? 1}, ${right?.width ?? 1});`);
}

/** Whether threads should share each sum: few outputs, with many inputs each. */
export function isResampleReduce({ left, right, output }: Resample): boolean {
  const [n, , h, w] = output.shape;
  return (left?.width ?? 1) * (right?.width ?? 1) >= 64 && n * h * w * channelBlocks(output) < MIN_THREADS;
}

/** Columns of an input that fit the workgroup memory that every GPU has. */
const MAX_COLUMNS = 1024;

/** Whether outputs of a row should share the sums down columns: that saves half the products, or more. */
export function isSharedInRows({ left, right, inputs, output }: Resample): boolean {
  const width = output.shape[3];
  const columns = inputs[0]?.shape[3] ?? 0;
  const [down, across] = [left?.width ?? 1, right?.width ?? 1];
  return columns <= MAX_COLUMNS && 2 * (columns * down + width * across) <= width * down * across;
}

export function compileResample(shader: ShaderBuilder, operation: Resample): Kernel {
  const { inputs, output } = operation;
  const [n, , h, w] = output.shape;
  const blocks = channelBlocks(output);
  shader.readInputs();
  shader.add(`const THREADS = ${shader.context.config.threads};`);
  declareBands(shader, operation);
  shader.finish();
  if (!isResampleReduce(operation)) return shader.kernel(resample, linearWorkgroups(n * h * w * blocks));
  if (!isSharedInRows(operation)) return shader.kernel(resampleReduce, [n * h * w * blocks, 1, 1]);
  shader.add(`const COLUMNS = ${inputs[0]?.shape[3]};`);
  return shader.kernel(resampleRows, [h, blocks, n]);
}
