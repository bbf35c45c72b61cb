// One axis of a convolution: phases from kernel, strides, dilations and pads.

import type { ConvAxis } from '../ir/operation.ts';

export function directAxis(kernel: number, stride: number, dilation: number, before: number): ConvAxis {
  return {
    outputStride: 1,
    inputStride: stride,
    inputStep: dilation,
    kernelStep: 1,
    phases: [{ first: 0, count: kernel, start: -before }],
  };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Kernel row k contributes to output row o of phase r if (r + before - k * dilation) is a multiple of the stride. */
export function transposedAxis(kernel: number, stride: number, dilation: number, before: number): ConvAxis {
  const common = gcd(stride, dilation);
  const kernelStep = stride / common;
  const phases = Array.from({ length: stride }, (_, r) => {
    for (let first = 0; first < Math.min(kernel, kernelStep); first++) {
      const distance = r + before - first * dilation;
      if (distance % stride !== 0) continue;
      return { first, count: Math.ceil((kernel - first) / kernelStep), start: distance / stride };
    }
    return { first: 0, count: 0, start: 0 };
  });
  return { outputStride: stride, inputStride: 1, inputStep: -dilation / common, kernelStep, phases };
}

/** Trims the ends of the kernel that are outside the input for every output, as most of a kernel is on a picture of
 * one pixel. If all of it is, the axis stays: kernels need at least one tap. */
export function trimAxis(axis: ConvAxis, inputs: number, outputs: number): ConvAxis {
  const { inputStride, inputStep, kernelStep, outputStride } = axis;
  const phases = axis.phases.map(({ first, count, start }, phase) => {
    const reach = (Math.ceil((outputs - phase) / outputStride) - 1) * inputStride;
    const used = (j: number) => start + j * inputStep + reach >= 0 && start + j * inputStep < inputs;
    let [begin, end] = [0, count];
    while (begin < end && !used(begin)) begin++;
    while (begin < end && !used(end - 1)) end--;
    return { first: first + begin * kernelStep, count: end - begin, start: start + begin * inputStep };
  });
  return phases.some(({ count }) => count > 0) ? { ...axis, phases } : axis;
}
