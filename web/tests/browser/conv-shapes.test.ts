// Convolutions of strangers in the configurations of all GPUs, on the GPU at hand, against plain loops.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGraph } from '../../engine/look.ts';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import {
  ADRENO_CONFIG,
  GPU_CONFIG,
  LARGE_GPU_CONFIG,
  MALI_CONFIG,
  SOFTWARE_CONFIG,
} from '../../engine/webgpu/tuning/defaults.ts';
import { largestDifference } from '../compare.ts';
import { graphOf, int64Tensor, model, node, tensor, value } from '../onnx.ts';
import { runOnWebgpu } from '../run-graph.ts';

const CONFIGS: Readonly<Record<string, KernelConfig>> = {
  software: SOFTWARE_CONFIG,
  gpu: GPU_CONFIG,
  'large gpu': LARGE_GPU_CONFIG,
  adreno: ADRENO_CONFIG,
  mali: MALI_CONFIG,
};

interface Conv {
  readonly op: 'Conv' | 'ConvTranspose';
  /** Pictures, input and output channels, and the sides of the input. */
  readonly n: number;
  readonly channels: readonly [number, number];
  readonly sides: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pads: readonly [number, number];
}

const conv = (name: Conv['op'], rest: Partial<Conv>): Conv => ({
  op: name,
  n: 1,
  channels: [8, 8],
  sides: [12, 12],
  kernel: [3, 3],
  stride: [1, 1],
  pads: [1, 1],
  ...rest,
});

const CASES: readonly Conv[] = [
  conv('Conv', {}),
  conv('Conv', { n: 3, channels: [5, 9], sides: [7, 10], stride: [2, 2] }),
  conv('Conv', { channels: [64, 64], sides: [33, 17] }),
  conv('Conv', { channels: [16, 24], sides: [40, 40], kernel: [7, 7], pads: [3, 3], stride: [2, 1] }),
  conv('Conv', { channels: [4, 4], sides: [400, 5], kernel: [200, 1], pads: [40, 0] }),
  conv('Conv', { channels: [128, 128], sides: [1, 1], kernel: [1, 1], pads: [0, 0] }),
  conv('Conv', { channels: [132, 68], sides: [2, 2] }),
  conv('Conv', { channels: [3, 3], sides: [64, 48] }),
  conv('ConvTranspose', { channels: [16, 12], kernel: [4, 4], stride: [2, 2] }),
  conv('ConvTranspose', {
    n: 2,
    channels: [8, 32],
    sides: [5, 6],
    kernel: [16, 16],
    stride: [8, 8],
    pads: [4, 4],
  }),
  conv('ConvTranspose', {
    channels: [4, 4],
    sides: [3, 3],
    kernel: [32, 32],
    stride: [16, 16],
    pads: [8, 8],
  }),
  conv('ConvTranspose', { channels: [8, 8], sides: [4, 9], kernel: [4, 3], stride: [4, 1], pads: [0, 1] }),
];

const pseudo = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + seed) / 2);

const outputSide = ({ op, sides, kernel, stride, pads }: Conv, axis: 0 | 1): number =>
  op === 'Conv'
    ? Math.floor((sides[axis] + 2 * pads[axis] - kernel[axis]) / stride[axis]) + 1
    : (sides[axis] - 1) * stride[axis] + kernel[axis] - 2 * pads[axis];

/** Each input pixel and tap of the kernel meet in one output, which `at` gives. */
function plainly(one: Conv, x: Float32Array, w: Float32Array): Float32Array {
  const { op, n, channels, sides, kernel, stride, pads } = one;
  const [height, width] = [outputSide(one, 0), outputSide(one, 1)];
  const y = new Float64Array(n * channels[1] * height * width);
  const isConv = op === 'Conv';
  const at = (i: number, k: number, axis: 0 | 1): number => {
    if (!isConv) return i * stride[axis] + k - pads[axis];
    const scaled = i + pads[axis] - k;
    return scaled % stride[axis] === 0 ? scaled / stride[axis] : -1;
  };
  for (let b = 0; b < n; b++)
    for (let c = 0; c < channels[0]; c++)
      for (let i = 0; i < sides[0]; i++)
        for (let ky = 0; ky < kernel[0]; ky++) {
          const oy = at(i, ky, 0);
          if (oy < 0 || oy >= height) continue;
          for (let j = 0; j < sides[1]; j++)
            for (let kx = 0; kx < kernel[1]; kx++) {
              const ox = at(j, kx, 1);
              if (ox < 0 || ox >= width) continue;
              const value = x[((b * channels[0] + c) * sides[0] + i) * sides[1] + j] ?? 0;
              for (let o = 0; o < channels[1]; o++) {
                const row = isConv ? o * channels[0] + c : c * channels[1] + o;
                const to = ((b * channels[1] + o) * height + oy) * width + ox;
                y[to] = (y[to] ?? 0) + value * (w[(row * kernel[0] + ky) * kernel[1] + kx] ?? 0);
              }
            }
        }
  return Float32Array.from(y);
}

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

test.each(CASES.map(one => [JSON.stringify(one), one] as const))('%s', async (_, one) => {
  const { op, n, channels, sides, kernel, stride, pads } = one;
  const dims = op === 'Conv' ? [channels[1], channels[0]] : [channels[0], channels[1]];
  const weights = pseudo(channels[0] * channels[1] * kernel[0] * kernel[1], 1);
  const settings = { strides: [...stride], pads: [...pads, ...pads] };
  const shape = [n, channels[1], outputSide(one, 0), outputSide(one, 1)];
  const plan = await readGraph(
    model(
      graphOf({
        nodes: [node(op, ['x', 'w'], ['y'], settings)],
        constants: [tensor('w', [...dims, ...kernel], weights)],
        inputs: [value('x', [n, channels[0], ...sides])],
        outputs: [value('y', shape)],
      }),
    ),
  );
  const x = pseudo(n * channels[0] * sides[0] * sides[1], 2);
  const expected = plainly(one, x, weights);
  for (const [label, config] of Object.entries(CONFIGS)) {
    const { y = new Float32Array() } = await runOnWebgpu(plan, device, { x }, config);
    expect(y.length, label).toBe(expected.length);
    expect(largestDifference(y, expected), label).toBeLessThan(2e-4);
  }
});

/** The graph of one convolution of `x` by `w`, with more nodes before it. */
async function planOf(before: number[][], settings: Record<string, number[]>, weights: Float32Array) {
  return readGraph(
    model(
      graphOf({
        nodes: [...before, node('Conv', [before.length ? 'p' : 'x', 'w'], ['y'], settings)],
        constants: [tensor('w', [32, 8, 3, 3], weights), int64Tensor('pads', 0, 0, 1, 1, 0, 0, 1, 1)],
        inputs: [value('x', [1, 8, 12, 12])],
        outputs: [value('y', [1, 32, 12, 12])],
      }),
    ),
  );
}

test('an infinite pixel reaches the outputs that weigh it, and no output is NaN', async () => {
  const one = conv('Conv', { channels: [8, 32] });
  const weights = pseudo(32 * 8 * 9, 1);
  const plan = await planOf([], { pads: [1, 1, 1, 1] }, weights);
  const x = pseudo(8 * 144, 2);
  x[7 * 144 + 6 * 12 + 6] = Number.POSITIVE_INFINITY;
  const expected = plainly(one, x, weights);
  expect(expected.filter(number => !Number.isFinite(number))).toHaveLength(32 * 9);
  for (const [label, config] of Object.entries(CONFIGS)) {
    const { y = new Float32Array() } = await runOnWebgpu(plan, device, { x }, config);
    const apart = expected.filter((number, i) => y[i] !== number && !(Math.abs((y[i] ?? 0) - number) < 2e-4));
    expect(apart, label).toHaveLength(0);
  }
});

test('a prologue that makes something of zero counts for the terms of a sum alone', async () => {
  const before = [node('Sigmoid', ['x'], ['s'], {}), node('Pad', ['s', 'pads'], ['p'], { mode: 'edge' })];
  const plan = await planOf(before, {}, pseudo(32 * 8 * 9, 1));
  expect(plan.operations).toMatchObject([
    { kind: 'convolution', padding: 'edge', prologue: { name: 'sigmoid' } },
  ]);
  const x = pseudo(8 * 144, 2);
  const { y: expected = new Float32Array() } = await runOnWebgpu(plan, device, { x }, SOFTWARE_CONFIG);
  for (const [label, config] of Object.entries(CONFIGS)) {
    const { y = new Float32Array() } = await runOnWebgpu(plan, device, { x }, config);
    expect(largestDifference(y, expected), label).toBeLessThan(2e-4);
  }
});
