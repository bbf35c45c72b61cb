// The graph that the passes transform and the backends compile: few kinds of operation, all shapes known.
//
// Every tensor is seen as four-dimensional (N, C, H, W). Shorter shapes are aligned to the right, as ONNX broadcasts
// them; the first dimensions of longer ones count as one. An operation reads `inputs[0]` (elementwise and concat: all
// inputs), and its epilogue may read the others. This file does not say how a backend stores tensors, except that
// channels come in blocks of four (`LANES`): the passes must know when two tensors may share a buffer.

import type { DataType } from '../../onnx/constant.ts';
import type { Expression } from './expression.ts';
import { productOf, stridesOf } from './strides.ts';
import type { Shape, Tensor } from './tensor.ts';

/** Weights of a convolution: (out, in per group, kh, kw), or (in, out, kh, kw) if transposed. */
export interface Weights {
  /** What the GPU reads. */
  readonly type: Extract<DataType, 'float32' | 'float16' | 'uint8' | 'uint16'>;
  readonly bytes: Uint8Array;
  /** The file's weights, if these are sums of them (see `subpixel.ts`). They are added at each upload, so that the
   * page does not hold both. */
  readonly sumOf: Weights | null;
  readonly dims: readonly [number, number, number, number];
  readonly transposed: boolean;
  /** Per output channel: weight = scale * (stored - zero). Null means 1 and 0. */
  readonly scale: Float32Array | null;
  readonly zero: Float32Array | null;
  /** Whether the numbers are positions in a parameter, which changes (`lowering/learned-weights.ts`). */
  readonly learned?: boolean;
}

/** One axis of a convolution, transposed or not, as phases of a plain convolution.
 *
 * Output row o = base * outputStride + phase reads, for j < count, the kernel row first + j * kernelStep at input row
 * base * inputStride + start + j * inputStep. A plain convolution has one phase. A transposed one of stride s has s
 * phases, none of which multiplies by the zeros that the stride inserts. */
export interface ConvAxis {
  readonly outputStride: number;
  readonly inputStride: number;
  readonly inputStep: number;
  readonly kernelStep: number;
  readonly phases: readonly { readonly first: number; readonly count: number; readonly start: number }[];
}

/** A matrix of mostly zeros: row r is `weights[r * width ...]` from column `starts[r]` on. */
export interface BandedMatrix {
  readonly rows: number;
  readonly width: number;
  readonly starts: Int32Array;
  readonly weights: Float32Array;
}

/** A strided view. Its indices (d0, d1, ...) count through `dims` in the output's order. The element there is the
 * input's element start + d0 * stride0 + d1 * stride1 + ..., both in ONNX's order. */
export interface View {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
}

/** Which element of the input an output element is. */
export type IndexMap =
  /** Reshape, Transpose, Slice, DepthToSpace, SpaceToDepth, and any chain of them that is one view. */
  | ({ readonly kind: 'view' } & View)
  /** Padding with one value. */
  | { readonly kind: 'pad'; readonly before: Shape; readonly value: number }
  /** Padding with elements of the input. */
  | { readonly kind: 'extend'; readonly before: Shape; readonly mode: 'reflect' | 'edge' | 'wrap' };

interface OperationFields {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Applied to each value before it is stored; null for nothing. */
  readonly epilogue: Expression | null;
  /** How many of the inputs the operation itself reads, if it is not one (`ownInputCount`). */
  readonly reads?: number;
}

/** The camera's picture, or the array that `run` gets in its place. */
export interface FrameInput extends OperationFields {
  readonly kind: 'frameInput';
  readonly reads: 0;
}
export interface Elementwise extends OperationFields {
  readonly kind: 'elementwise';
  readonly epilogue: Expression;
}
export interface Convolution extends OperationFields {
  readonly kind: 'convolution';
  readonly weights: Weights;
  /** Per output channel, after the scale. */
  readonly bias: Float32Array | null;
  readonly group: number;
  readonly y: ConvAxis;
  readonly x: ConvAxis;
  /** What lies beyond the input: zeros, or its edge pixels again. */
  readonly padding: 'zero' | 'edge';
  /** Applied to each value that is read, but not to the zeros of the border. */
  readonly prologue: Expression | null;
}
/** How the window of a convolution moves: output o reads the input at o * stride - before + tap * dilation. */
export interface WindowGeometry {
  readonly strides: readonly [y: number, x: number];
  readonly dilations: readonly [y: number, x: number];
  readonly before: readonly [y: number, x: number];
}
/** A convolution whose weights are computed: inputs[1], laid out as `Weights` are. If it is transposed, the geometry is
 * that of the plain convolution from its output to its input. */
export interface ComputedConvolution extends OperationFields, WindowGeometry {
  readonly kind: 'computedConvolution';
  readonly reads: 2;
  readonly transposed: boolean;
  readonly group: number;
}
/** The gradient by the weights of a plain convolution, as parts: (parts * out, in per group, kh, kw). It reads the
 * convolution's input and the gradient by its output. Each part sums some rows of the output: row r of image n is in
 * part (n * height + r) % parts. */
export interface ConvWeightGradient extends OperationFields, WindowGeometry {
  readonly kind: 'convWeightGradient';
  readonly reads: 2;
  readonly group: number;
  readonly parts: number;
  /** How the parts lie if the update of the weights adds them up; else they are (parts * out, in per group, kh, kw). */
  readonly flat?: FlatGradient;
}
/** Gradients in the order of their parameters: the output is (parts, elements, 1, 1). */
export interface FlatGradient {
  readonly kernel: readonly [number, number];
  /** The sum of the second input over images and pixels, in as many parts: (parts, channels, 1, 1). */
  readonly bias: Tensor | null;
}
/** Adds up parts that lie one after the other along the images. */
export interface SumOfParts extends OperationFields {
  readonly kind: 'sumOfParts';
  readonly parts: number;
}
/** left * image * right^T per channel: resampling, average pooling, the guide's constant matrices. */
export interface Resample extends OperationFields {
  readonly kind: 'resample';
  readonly left: BandedMatrix | null;
  readonly right: BandedMatrix | null;
}
export interface MaxPool extends OperationFields {
  readonly kind: 'maxPool';
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly before: readonly [number, number];
  readonly dilations: readonly [number, number];
}
/** The gradient by the input of a max pooling: each window's goes to its largest element, the first of several. It reads
 * the pooling's input and the gradient by its output. */
export interface MaxPoolGradient extends OperationFields {
  readonly kind: 'maxPoolGradient';
  readonly reads: 2;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly before: readonly [number, number];
  readonly dilations: readonly [number, number];
}
/** (value - mean) * inverse(variance). A mean and a variance are those of `channels` neighbouring channels: one for
 * instance norm, some for group norm, all for layer norm. `normalization.ts` says which numbers kernels have. */
export interface Normalization extends OperationFields {
  readonly kind: 'normalization';
  readonly channels: number;
  /** Whether they are those of all rows, and of all columns. */
  readonly axes: readonly [h: boolean, w: boolean];
  /** The inverse of the deviation, of the variance (`value`). */
  readonly inverse: Expression;
}
/** Softmax cross-entropy of logits (N, C, H, W) and the number of the right class of each pixel, which lies as it comes:
 * its tensor has as many elements as pixels, in their order, and one channel. The output is its mean, or the gradient of
 * that by the logits. */
export interface CrossEntropy extends OperationFields {
  readonly kind: 'crossEntropy';
  readonly reads: 2;
  readonly gradient: boolean;
}
/** Reduces the axes to one value. */
export interface Reduce extends OperationFields {
  readonly kind: 'reduce';
  readonly axes: readonly [n: boolean, c: boolean, h: boolean, w: boolean];
  readonly how: 'sum' | 'product' | 'max' | 'min';
}
/** Multiplies inputs[0] by inputs[1], matrices of H rows and W columns, for each image and channel. An input with a
 * single image or channel broadcasts it. */
export interface MatMul extends OperationFields {
  readonly kind: 'matMul';
  readonly reads: 2;
}
/** Samples inputs[0] at the positions of inputs[1], (N, H, W, 2): x and y for each pixel of the output, from -1 to 1
 * across the picture. */
export interface GridSample extends OperationFields, Sampling {
  readonly kind: 'gridSample';
  readonly reads: 2;
}
export interface Sampling {
  readonly interpolation: 'nearest' | 'linear';
  /** What lies beyond the picture. */
  readonly padding: 'zeros' | 'border' | 'reflection';
  /** Whether -1 and 1 are the middles of the outer pixels, else their outer edges. */
  readonly alignCorners: boolean;
}
/** The gradient by the picture of a `GridSample`. It reads the positions, and the gradient by the output. */
export interface GridSampleGradient extends OperationFields, Sampling {
  readonly kind: 'gridSampleGradient';
  readonly reads: 2;
}
/** The gradient by the positions. It reads the picture, the positions, and the gradient by the output. */
export interface GridSamplePositionGradient extends OperationFields, Sampling {
  readonly kind: 'gridSamplePositionGradient';
  readonly reads: 3;
}
/** Uniform random numbers in [0, 1), by Philox (`philox.ts`): the key is the seed, the counter is (place, step, stream, 0),
 * and the four words are the channels of a block. Places count blocks: ((n * blocks + block) * H + y) * W + x. */
export interface UniformNoise extends OperationFields {
  readonly kind: 'uniformNoise';
  readonly reads: 0;
  readonly stream: number;
  /** Indices of the live inputs that have them. */
  readonly seed: number;
  readonly step: number;
}
export interface Movement extends OperationFields {
  readonly kind: 'movement';
  readonly map: IndexMap;
}
export interface Concat extends OperationFields {
  readonly kind: 'concat';
  readonly axis: 0 | 1 | 2 | 3;
}

export type Operation =
  | FrameInput
  | Elementwise
  | Convolution
  | ComputedConvolution
  | ConvWeightGradient
  | SumOfParts
  | Resample
  | MaxPool
  | MaxPoolGradient
  | Normalization
  | CrossEntropy
  | Reduce
  | MatMul
  | GridSample
  | GridSampleGradient
  | GridSamplePositionGradient
  | UniformNoise
  | Movement
  | Concat;

export interface LiveInput {
  readonly name: string;
  readonly default: number;
}

export interface Graph {
  /** Sorted: each operation reads only the outputs of earlier ones. */
  readonly operations: readonly Operation[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly live: readonly LiveInput[];
}

/** How many of the inputs the operation itself reads. Its epilogue reads the others. */
export const ownInputCount = ({ kind, inputs, reads = 1 }: Operation): number =>
  kind === 'elementwise' || kind === 'concat' ? inputs.length : reads;

/** Whether it only gives its input another shape. */
export function isReshape({ map, inputs: [from] }: Movement): boolean {
  if (map.kind !== 'view' || map.start !== 0 || !from) return false;
  const { dims, strides } = map;
  const inOrder = stridesOf(dims).every((stride, i) => dims[i] === 1 || stride === strides[i]);
  return inOrder && productOf(dims) === productOf(from.shape);
}
