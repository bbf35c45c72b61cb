// The graph that the passes work on and a backend compiles: few kinds of operation, all shapes known.
//
// Every tensor is seen as four-dimensional (N, C, H, W), shorter shapes aligned to the right, which is
// also how ONNX broadcasts; of longer ones the first dimensions count as one. An operation takes `inputs[0]` (a map or a join: all of them) and its epilogue
// may read the rest. What a backend stores where is no business of this file, save for one thing: channels
// come in blocks of four (`LANES`), since the passes must know when two tensors may share a buffer.

import type { DataType } from '../../onnx/constant.ts';
import type { Expression } from './expression.ts';
import type { Shape, Tensor } from './tensor.ts';

/** Weights of a convolution as stored: (out, in per group, kh, kw), or (in, out, kh, kw) if transposed. */
export interface Weights {
  readonly type: Extract<DataType, 'float32' | 'float16' | 'uint8' | 'uint16'>;
  readonly bytes: Uint8Array;
  readonly dims: readonly [number, number, number, number];
  readonly transposed: boolean;
  /** Per output channel: weight = scale * (stored - zero). Null is 1 and 0. */
  readonly scale: Float32Array | null;
  readonly zero: Float32Array | null;
}

/** One axis of a convolution, transposed or not, as phases of a plain one.
 *
 * Output row o = base * outputStride + phase reads, for j < count, the kernel row first + j * kernelStep
 * at input row base * inputStride + start + j * inputStep. A plain convolution has one phase; a
 * transposed one of stride s has s, none of which multiplies by a zero that stride put in. */
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

/** The output's elements, in ONNX's order, are counted as an odometer over `dims` counts: what stands at
 * (d0, d1, ...) is the input's element number start + d0 * stride0 + d1 * stride1 + ... in that order. */
export interface View {
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly start: number;
}

/** From which element of the input an element of the output comes. */
export type IndexMap =
  /** Reshape, Transpose, Slice, DepthToSpace and SpaceToDepth, and any chain of them that is one view. */
  | ({ readonly kind: 'view' } & View)
  /** Around the input is one value. */
  | { readonly kind: 'pad'; readonly before: Shape; readonly value: number }
  /** Around the input is more of it. */
  | { readonly kind: 'extend'; readonly before: Shape; readonly mode: 'reflect' | 'edge' | 'wrap' };

interface OperationFields {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** What is done to each value before it is stored; null is nothing. */
  readonly epilogue: Expression | null;
}

/** The camera's picture, or what `run` is given in its place. */
export interface FrameInput extends OperationFields {
  readonly kind: 'frameInput';
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
  /** What is done to each value that is read; the border's zeros are not. */
  readonly prologue: Expression | null;
}
/** left * image * right^T, per channel: resampling, pooling by mean, the guide's constant matrices. */
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
/** Instance normalisation: each channel of each image to mean `shift` and deviation `scale`. */
export interface InstanceNorm extends OperationFields {
  readonly kind: 'instanceNorm';
  readonly epsilon: number;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}
/** One value of all along the axes. */
export interface Reduce extends OperationFields {
  readonly kind: 'reduce';
  readonly axes: readonly [n: boolean, c: boolean, h: boolean, w: boolean];
  readonly how: 'sum' | 'product' | 'max' | 'min';
}
/** inputs[0] times inputs[1] as matrices of H rows and W columns, one pair per image and channel; of those
 * an input may have one for all. */
export interface MatMul extends OperationFields {
  readonly kind: 'matMul';
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
  | Resample
  | MaxPool
  | InstanceNorm
  | Reduce
  | MatMul
  | Movement
  | Concat;

export interface LiveInput {
  readonly name: string;
  readonly default: number;
}

export interface Graph {
  /** In an order in which each reads only what came before. */
  readonly operations: readonly Operation[];
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly live: readonly LiveInput[];
}

/** The first inputs that an operation's own kernel reads; later ones belong to its epilogue. */
export function ownInputCount(operation: Operation): number {
  if (operation.kind === 'frameInput') return 0;
  if (operation.kind === 'elementwise' || operation.kind === 'concat') return operation.inputs.length;
  return operation.kind === 'matMul' ? 2 : 1;
}
