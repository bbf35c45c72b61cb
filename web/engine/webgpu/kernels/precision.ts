// Precision of tensors in GPU memory. Kernels always compute in float32: they widen what they read and narrow what
// they write (`float32.wgsl`, `float16.wgsl`). Weights keep the file's type.

import { floatToHalf, halfToFloat } from '../../onnx/constant.ts';
import type { Precision } from '../../painter.ts';
import float16 from './float16.wgsl?raw';
import float32 from './float32.wgsl?raw';

/** WGSL that declares `Block`, `narrow` and `widen`. */
export const BLOCK_CODE: Readonly<Record<Precision, string>> = { float32, float16 };

/** Bytes in that precision, given the bytes in float32. */
export const storedBytes = (precision: Precision, bytes: number): number =>
  precision === 'float16' ? bytes / 2 : bytes;

export const narrowValues = (precision: Precision, values: Float32Array<ArrayBuffer>) =>
  precision === 'float16' ? Uint16Array.from(values, floatToHalf) : values;

export const widenValues = (precision: Precision, bytes: ArrayBuffer): Float32Array =>
  precision === 'float16' ? Float32Array.from(new Uint16Array(bytes), halfToFloat) : new Float32Array(bytes);
