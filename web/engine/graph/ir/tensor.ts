// Tensors of the graph. Each is seen as four-dimensional, and its channels come in blocks of four.

import { EngineError } from '../../error.ts';
import { sizeOf } from '../../onnx/constant.ts';
import { productOf } from './strides.ts';

export const LANES = 4;

export type Shape = readonly [n: number, c: number, h: number, w: number];

export interface Tensor {
  readonly name: string;
  /** The dimensions that ONNX gives it. */
  readonly dims: readonly number[];
  /** The same as four dimensions. */
  readonly shape: Shape;
  /** Values that are known at load, in ONNX's order; null for computed tensors. */
  readonly constant: Float32Array | null;
}

export function shapeOf(dims: readonly number[]): Shape {
  const [c = 1, h = 1, w = 1] = [1, 1, 1, ...dims].slice(-3);
  return [productOf(dims.slice(0, -3)), c, h, w];
}

export const channelBlocks = (tensor: Tensor): number => Math.ceil(tensor.shape[1] / LANES);

export const sameShape = (a: Shape, b: Shape): boolean => a.every((dim, i) => dim === b[i]);

/** More elements than a tensor of any network on pictures has. It keeps a hostile shape from asking for all
 * memory. */
const MAX_ELEMENTS = 2 ** 28;
const MAX_DIMENSIONS = 8;

export function makeTensor(
  name: string,
  dims: readonly number[],
  constant: Float32Array | null = null,
): Tensor {
  if (dims.length > MAX_DIMENSIONS) {
    throw new EngineError(
      `Tensor '${name}' has ${dims.length} dimensions; the engine reads up to ${MAX_DIMENSIONS}.`,
    );
  }
  const size = sizeOf(dims, `Tensor '${name}'`);
  if (size === 0 || size > MAX_ELEMENTS) {
    const most = `the engine supports 1 to ${MAX_ELEMENTS}`;
    throw new EngineError(`Tensor '${name}' has ${size} elements (${dims.join(' x ')}); ${most}.`);
  }
  return { name, dims, shape: shapeOf(dims), constant };
}

/** Values of a tensor on the GPU, where its channels are padded to whole blocks. */
export function paddedLength(tensor: Tensor): number {
  const [n, , h, w] = tensor.shape;
  return n * h * w * channelBlocks(tensor) * LANES;
}
