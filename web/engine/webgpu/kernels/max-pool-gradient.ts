// Kernels of max pooling whose windows do not overlap, and of its gradient: a thread has one window. For the gradient it
// finds the largest element once for all of them.

import type { MaxPool, MaxPoolGradient } from '../../graph/ir/operation.ts';
import { channelBlocks } from '../../graph/ir/tensor.ts';
import { type Kernel, linearWorkgroups } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';

/** Elements of a window that a thread keeps in registers. */
const MAX_ELEMENTS = 16;

export const hasWindowKernel = ({ kernel, strides, before, dilations }: MaxPool | MaxPoolGradient): boolean =>
  kernel[0] * kernel[1] <= MAX_ELEMENTS && `${[kernel, before, dilations]}` === `${[strides, 0, 0, 1, 1]}`;

/** Whether no window reaches beyond the picture either. */
export function hasWholeWindows(operation: MaxPool): boolean {
  const { inputs, output, kernel } = operation;
  const isWhole = (axis: 2 | 3) =>
    output.shape[axis] * (kernel[axis - 2] ?? 1) <= (inputs[0]?.shape[axis] ?? 0);
  return hasWindowKernel(operation) && isWhole(2) && isWhole(3);
}

export const windowMaximum = ({ kernel: [tall, wide] }: MaxPool): string =>
  tapsOf(tall, wide)
    .map(([j, i]) => `read_0(n, y * ${tall} + ${j}, x * ${wide} + ${i}, c)`)
    .reduce((made, read) => `max(${made}, ${read})`);

const tapsOf = (tall: number, wide: number) =>
  Array.from({ length: tall * wide }, (_, i) => [Math.floor(i / wide), i % wide] as const);

export function compileWindowGradient(
  shader: ShaderBuilder,
  { output, kernel: [tall, wide] }: MaxPoolGradient,
): Kernel {
  const [n, , h, w] = output.shape;
  const [rows, columns] = [Math.ceil(h / tall), Math.ceil(w / wide)];
  shader.readInputs();
  const at = shader.size(rows, columns);
  shader.finish();
  const taps = tapsOf(tall, wide);
  // A window at the end may have elements beyond the picture.
  const isInside = (j: number, i: number) => [
    ...(h % tall > 0 && j > 0 ? [`y + ${j} < sizes[0].z`] : []),
    ...(w % wide > 0 && i > 0 ? [`x + ${i} < sizes[0].w`] : []),
  ];
  const reads = taps.map(([j, i], k) => {
    const read = `read_0(n, y + ${j}, x + ${i}, c)`;
    const test = isInside(j, i).join(' && ');
    return `  let v${k} = ${test ? `select(vec4f(-3.4028234e38), ${read}, ${test})` : read};`;
  });
  const most = taps.reduce((made, _, k) => (k === 0 ? 'v0' : `max(${made}, v${k})`), '');
  const puts = taps.map(([j, i], k) => {
    const test = isInside(j, i).join(' && ');
    const put = `put(select(vec4f(0), left, v${k} == most), n, y + ${j}, x + ${i}, c);`;
    return `  ${test ? `if (${test}) { ${put} }` : put}
  left = select(left, vec4f(0), v${k} == most);`;
  });
  return shader.kernel(
    `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let index = i32(id.x + id.y * ROW);
  let blocks = sizes[1].z;
  let c = index % blocks;
  let column = index / blocks % sizes[${at}].y;
  let row = index / (blocks * sizes[${at}].y) % sizes[${at}].x;
  let n = index / (blocks * sizes[${at}].y * sizes[${at}].x);
  if (n >= sizes[0].x) {
    return;
  }
  let y = row * ${tall};
  let x = column * ${wide};
  take_channels(c);
${reads.join('\n')}
  let most = ${most};
  var left = vec4f(0);
  if (row < sizes[4].z && column < sizes[4].w) {
    left = read_1(n, row, column, c);
  }
${puts.join('\n')}
}`,
    linearWorkgroups(n * rows * columns * channelBlocks(output)),
  );
}
