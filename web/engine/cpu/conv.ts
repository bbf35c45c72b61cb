// Convolutions, by constant and by computed weights, and their gradients by the weights.

import type {
  ComputedConvolution,
  ConvAxis,
  Convolution,
  ConvWeightGradient,
  SumOfParts,
  Weights,
} from '../graph/ir/operation.ts';
import { sumTaps } from '../graph/ir/subpixel.ts';
import type { Shape } from '../graph/ir/tensor.ts';
import { floats } from '../onnx/constant.ts';
import type { Reals } from './arrays.ts';
import { addPixelProducts, compilePointwise } from './pointwise.ts';

/** Constant weights as the file's numbers: scaled, without their zero points. */
function constantWeights(weights: Weights, group: number): Float32Array {
  const { dims, transposed, scale, zero } = weights;
  const stored = weights.sumOf ? sumTaps(weights.sumOf) : floats(weights);
  if (!scale && !zero) return stored;
  const inner = dims[2] * dims[3];
  const perGroup = dims[0] / group;
  return stored.map((value, i) => {
    const [first, second] = [Math.floor(i / inner / dims[1]), Math.floor(i / inner) % dims[1]];
    const output = transposed ? Math.floor(first / perGroup) * dims[1] + second : first;
    return (scale?.[output] ?? 1) * (value - (weights.sumOf ? 0 : (zero?.[output] ?? 0)));
  });
}

/** Outputs along an axis that one tap of the kernel contributes to, and the inputs that they read by it: `count` of both,
 * from a first one on in steps. */
interface Run {
  readonly tap: number;
  readonly output: number;
  readonly outputStep: number;
  readonly input: number;
  readonly inputStep: number;
  readonly count: number;
}

interface Layer {
  readonly from: Reals;
  readonly weights: Reals;
  readonly to: Reals;
  readonly input: Shape;
  readonly output: Shape;
  readonly transposed: boolean;
  readonly kernel: readonly [number, number];
  readonly group: number;
  readonly rows: readonly Run[];
  readonly columns: readonly Run[];
}

/** The runs of an axis. With `isEdge`, outputs whose tap is beyond the border read the pixel at the edge. */
function runsOfAxis(axis: ConvAxis, outputs: number, inputs: number, isEdge: boolean): Run[] {
  const { outputStride, inputStride, inputStep, kernelStep, phases } = axis;
  return phases.flatMap(({ first, count, start }, phase) =>
    Array.from({ length: count }, (_, j) => {
      const bases = Math.ceil((outputs - phase) / outputStride);
      const offset = start + j * inputStep;
      const [low, end] = insideOf(offset, inputStride, inputs, bases);
      const run = (base: number, input: number, length: number): Run => ({
        tap: first + j * kernelStep,
        output: phase + base * outputStride,
        outputStep: outputStride,
        input,
        inputStep: length > 1 ? inputStride : 0,
        count: length,
      });
      const inner = end > low ? [run(low, low * inputStride + offset, end - low)] : [];
      if (!isEdge) return inner;
      const isBelow = (base: number) => base * inputStride + offset < 0;
      const beyond = Array.from({ length: bases }, (_, base) => base).filter(
        base => base < low || base >= end,
      );
      return [...inner, ...beyond.map(base => run(base, isBelow(base) ? 0 : inputs - 1, 1))];
    }).flat(),
  );
}

/** The runs of an axis of a convolution with computed weights. */
function runsOfWindow(
  { strides, dilations, before, transposed }: ComputedConvolution,
  axis: 0 | 1,
  kernel: number,
  outputs: number,
  inputs: number,
): Run[] {
  // The windows move over the larger side: the input of a plain convolution, the output of a transposed one.
  const [windows, size] = transposed ? [inputs, outputs] : [outputs, inputs];
  return Array.from({ length: kernel }, (_, tap) => {
    const offset = tap * dilations[axis] - before[axis];
    const [first, end] = insideOf(offset, strides[axis], size, windows);
    const moving = [first * strides[axis] + offset, strides[axis]] as const;
    const [output, outputStep] = transposed ? moving : [first, 1];
    const [input, inputStep] = transposed ? [first, 1] : moving;
    return { tap, output, outputStep, input, inputStep, count: Math.max(0, end - first) };
  });
}

/** The windows w of `count` for which w * stride + offset is one of `size` elements: the first, and the end. */
function insideOf(offset: number, stride: number, size: number, count: number): [first: number, end: number] {
  const first = Math.max(0, Math.ceil(-offset / stride));
  return [first, Math.max(first, Math.min(count, Math.floor((size - 1 - offset) / stride) + 1))];
}

/** Where the weights of an input and an output channel begin, of the same group. */
function weightOffset({ transposed, kernel, group, input, output }: Layer, o: number, i: number): number {
  const [perIn, perOut] = [input[1] / group, output[1] / group];
  const pair = transposed ? i * perOut + (o % perOut) : o * perIn + (i % perIn);
  return pair * kernel[0] * kernel[1];
}

function runLayer(layer: Layer): void {
  const { input, output, group, to } = layer;
  const [n, channels] = input;
  const [, outputs] = output;
  const [perIn, perOut] = [channels / group, outputs / group];
  to.fill(0);
  for (let image = 0; image < n; image++) {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / perOut) * perIn;
      for (let i = first; i < first + perIn; i++) {
        runPlanes(layer, image * channels + i, image * outputs + o, weightOffset(layer, o, i));
      }
    }
  }
}

/** Adds what one channel of the input gives to one of the output. */
function runPlanes(layer: Layer, inputPlane: number, outputPlane: number, weight: number): void {
  const { from, weights, to, input, output, kernel, rows, columns } = layer;
  const [, , height, width] = input;
  const [, , tall, wide] = output;
  for (const row of rows) {
    for (let r = 0; r < row.count; r++) {
      const target = (outputPlane * tall + row.output + r * row.outputStep) * wide;
      const source = (inputPlane * height + row.input + r * row.inputStep) * width;
      for (const { tap, output, outputStep, input, inputStep, count } of columns) {
        const factor = weights[weight + row.tap * kernel[1] + tap] ?? 0;
        let [at, read] = [target + output, source + input];
        for (let k = 0; k < count; k++, at += outputStep, read += inputStep) {
          to[at] = (to[at] ?? 0) + factor * (from[read] ?? 0);
        }
      }
    }
  }
}

/** Layers of one pixel, as those of classifiers: a product of matrices. */
function runPixel(layer: Layer): void {
  const { from, weights, to, input, output, transposed } = layer;
  const [n, channels] = input;
  const [, outputs] = output;
  const [byOutput, byInput] = transposed ? [1, outputs] : [channels, 1];
  for (let image = 0; image < n; image++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < channels; i++) {
        sum += (from[image * channels + i] ?? 0) * (weights[o * byOutput + i * byInput] ?? 0);
      }
      to[image * outputs + o] = sum;
    }
  }
}

function compileLayer(layer: Layer): () => void {
  const { input, output, kernel, group, from, weights, to, transposed } = layer;
  const isPixel = [...input.slice(2), ...output.slice(2), ...kernel, group].every(size => size === 1);
  if (isPixel) return () => runPixel(layer);
  if (group !== 1 || !isPointwise(layer)) return () => runLayer(layer);
  const pixels = output[2] * output[3];
  return compilePointwise(
    { images: input[0], from: input[1], to: output[1], pixels },
    [from, weights, to],
    transposed,
  );
}

/** Whether each pixel of the output reads the same one of the input, and no other. */
function isPointwise({ input, output, rows, columns }: Layer): boolean {
  const isWhole = ([run, ...more]: readonly Run[], size: number, own: number) =>
    more.length === 0 &&
    run?.tap === 0 &&
    run.output === 0 &&
    run.input === 0 &&
    run.count === size &&
    own === size &&
    (size === 1 || (run.outputStep === 1 && run.inputStep === 1));
  return isWhole(rows, output[2], input[2]) && isWhole(columns, output[3], input[3]);
}

export function compileConvolution(operation: Convolution, from: Reals, input: Shape, to: Reals): () => void {
  const { weights, bias, group, output, y, x, padding } = operation;
  const [n, outputs, height, width] = output.shape;
  const { transposed, dims } = weights;
  const isEdge = padding === 'edge';
  const run = compileLayer({
    from,
    weights: constantWeights(weights, group),
    to,
    input,
    output: output.shape,
    transposed,
    kernel: [dims[2], dims[3]],
    group,
    rows: runsOfAxis(y, height, input[2], isEdge),
    columns: runsOfAxis(x, width, input[3], isEdge),
  });
  if (!bias) return run;
  return () => {
    run();
    for (let i = 0; i < n * outputs; i++) {
      const offset = bias[i % outputs] ?? 0;
      for (let at = i * height * width; at < (i + 1) * height * width; at++) to[at] = (to[at] ?? 0) + offset;
    }
  };
}

export function compileComputedConvolution(
  operation: ComputedConvolution,
  from: Reals,
  weights: Reals,
  to: Reals,
): () => void {
  const { transposed, group, inputs, output } = operation;
  const [input, kernel] = [(inputs[0] ?? output).shape, (inputs[1] ?? output).shape];
  const [, , tall, wide] = output.shape;
  return compileLayer({
    from,
    weights,
    to,
    input,
    output: output.shape,
    transposed,
    kernel: [kernel[2], kernel[3]],
    group,
    rows: runsOfWindow(operation, 0, kernel[2], tall, input[2]),
    columns: runsOfWindow(operation, 1, kernel[3], wide, input[3]),
  });
}

/** Each part sums its rows of the output. */
export function compileConvWeightGradient(
  { group, parts, strides, dilations, before, inputs, output }: ConvWeightGradient,
  from: Reals,
  gradient: Reals,
  to: Reals,
): () => void {
  const [n, channels, height, width] = (inputs[0] ?? output).shape;
  const [, outputs, tall, wide] = (inputs[1] ?? output).shape;
  const [, perIn, kh, kw] = output.shape;
  const perOut = outputs / group;
  /** The sum of a row of the output by a tap: `y` and `x` are where the tap is relative to the window. */
  const sumRow = (image: number, o: number, i: number, row: number, y: number, x: number): number => {
    const at = row * strides[0] + y;
    if (at < 0 || at >= height) return 0;
    const [left, right] = insideOf(x, strides[1], width, wide);
    const source = ((image * channels + i) * height + at) * width + x;
    const other = ((image * outputs + o) * tall + row) * wide;
    let sum = 0;
    for (let column = left; column < right; column++) {
      sum += (from[source + column * strides[1]] ?? 0) * (gradient[other + column] ?? 0);
    }
    return sum;
  };
  const isPointwise =
    group === 1 &&
    kh * kw === 1 &&
    [height - tall, width - wide, before[0], before[1]].every(one => one === 0) &&
    strides[0] * strides[1] === 1;
  if (isPointwise) {
    const layer = { images: n, from: channels, to: outputs, pixels: tall * wide };
    return () => {
      to.fill(0);
      for (let line = 0; line < n * tall; line++) {
        const [image, row] = [Math.floor(line / tall), line % tall];
        const [source, other] = [channels, outputs].map(planes => image * planes * tall * wide + row * wide);
        const next = (line % parts) * outputs * channels;
        addPixelProducts(layer, [from, gradient, to], [source ?? 0, other ?? 0, next, wide]);
      }
    };
  }
  return () => {
    to.fill(0);
    for (let line = 0; line < n * tall; line++) {
      const [image, row] = [Math.floor(line / tall), line % tall];
      let next = (line % parts) * outputs * perIn * kh * kw;
      for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / perOut) * perIn;
        for (let i = first; i < first + perIn; i++) {
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++, next++) {
              const [y, x] = [ky * dilations[0] - before[0], kx * dilations[1] - before[1]];
              to[next] = (to[next] ?? 0) + sumRow(image, o, i, row, y, x);
            }
          }
        }
      }
    }
  };
}

export function compileSumOfParts({ parts }: SumOfParts, from: Reals, to: Reals): () => void {
  return () => {
    for (let i = 0; i < to.length; i++) {
      let sum = 0;
      for (let part = 0; part < parts; part++) sum += from[part * to.length + i] ?? 0;
      to[i] = sum;
    }
  };
}
