// The axes of convolutions: phases of transposed ones, and trimming, which removes only taps that multiply padding.

import { expect, test } from 'vitest';
import type { ConvAxis } from '../../engine/graph/ir/operation.ts';
import { directAxis, transposedAxis, trimAxis } from '../../engine/graph/lowering/conv-axis.ts';

/** All products with an input row, each as output row, kernel row and input row. */
function products(
  { phases, outputStride, inputStride, inputStep, kernelStep }: ConvAxis,
  inputs: number,
  outputs: number,
): string[] {
  const found: string[] = [];
  for (let output = 0; output < outputs; output++) {
    const [base, phase] = [Math.floor(output / outputStride), phases[output % outputStride]];
    for (let j = 0; phase && j < phase.count; j++) {
      const row = base * inputStride + phase.start + j * inputStep;
      if (row >= 0 && row < inputs) found.push(`${output} ${phase.first + j * kernelStep} ${row}`);
    }
  }
  return found;
}

const taps = ({ phases }: ConvAxis): number => phases.reduce((sum, { count }) => sum + count, 0);

const SMALL = [1, 2, 3, 4, 5];

test('trimming keeps every product with an input row, for all kernels, strides, dilations, paddings and sizes', () => {
  let shorter = 0;
  for (const kernel of SMALL)
    for (const stride of [1, 2, 3])
      for (const dilation of [1, 2])
        for (const before of [0, 1, 2])
          for (const inputs of SMALL)
            for (const outputs of SMALL)
              for (const make of [directAxis, transposedAxis]) {
                const axis = make(kernel, stride, dilation, before);
                const trimmed = trimAxis(axis, inputs, outputs);
                expect(products(trimmed, inputs, outputs)).toEqual(products(axis, inputs, outputs));
                if (taps(axis) > 0) expect(taps(trimmed)).toBeGreaterThan(0);
                if (taps(trimmed) < taps(axis)) shorter += 1;
              }
  expect(shorter).toBeGreaterThan(500);
});

test('a 4x4 kernel on the innermost pixels of a U-Net is trimmed to a quarter', () => {
  expect(trimAxis(directAxis(4, 2, 1, 1), 2, 1).phases).toEqual([{ first: 1, count: 2, start: 0 }]);
  expect(trimAxis(transposedAxis(4, 2, 1, 1), 1, 2).phases).toEqual([
    { first: 1, count: 1, start: 0 },
    { first: 2, count: 1, start: 0 },
  ]);
});

test('an axis does not change if every tap reads an input somewhere', () => {
  const axis = directAxis(4, 2, 1, 1);
  expect(trimAxis(axis, 8, 4)).toEqual(axis);
});

test('a 4x4 transposed convolution of stride 2 reads two rows per phase', async () => {
  expect(transposedAxis(4, 2, 1, 1).phases).toEqual([
    { first: 1, count: 2, start: 0 },
    { first: 0, count: 2, start: 1 },
  ]);
});

test('the phases of a transposed convolution contain every product once', async () => {
  for (const [kernel, stride, dilation, before] of [
    [4, 2, 1, 1],
    [3, 2, 1, 0],
    [3, 1, 2, 1],
    [3, 2, 2, 0],
    [2, 3, 1, 1],
    [5, 4, 6, 2],
  ] as const) {
    const axis = transposedAxis(kernel, stride, dilation, before);
    const size = 5;
    const expected = new Set<string>();
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < kernel; k++) expected.add(`${i * stride + k * dilation - before} ${i} ${k}`);
    }
    const made: string[] = [];
    const outputs = Math.ceil((stride * (size - 1) + (kernel - 1) * dilation + 1) / stride) + before + 1;
    for (let base = -before; base < outputs; base++) {
      axis.phases.forEach(({ first, count, start }, phase) => {
        for (let j = 0; j < count; j++) {
          const input = base * axis.inputStride + start + j * axis.inputStep;
          if (input < 0 || input >= size) continue;
          made.push(`${base * stride + phase} ${input} ${first + j * axis.kernelStep}`);
        }
      });
    }
    expect(new Set(made)).toEqual(expected);
    expect(made).toHaveLength(expected.size);
  }
});
