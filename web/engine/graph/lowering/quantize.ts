// Lowering of QuantizeLinear and DequantizeLinear. Computed values stay float32, rounded and clamped to the integer
// range. Constants become integers.

import {
  bytesOf,
  type Constant,
  constantOf,
  type DataType,
  isInteger,
  numbers,
  readDataType,
} from '../../onnx/constant.ts';
import { applyUnary } from '../eval/scalar-math.ts';
import { binary, constant, unary } from '../ir/expression.ts';
import { productOf, stridesOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { lowerDequantize } from './cast.ts';
import { emitElementwise } from './elementwise.ts';
import { applyView, reshape } from './movement.ts';

const NONE = constant(0);

const RANGES: Partial<Record<DataType, readonly [low: number, high: number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint4: [0, 15],
  int4: [-8, 7],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Input `index`, one number or one per element of the axis, shaped to broadcast over `dims`. */
function broadcastAlongAxis(node: NodeReader, index: number, dims: readonly number[]): Value {
  const value = node.value(index);
  const own = dimsOf(value);
  const size = productOf(own);
  if (size === 1) return reshape(node, value, [], `${node.output} ${index}`);
  const axis = node.axis(node.int('axis', 1), dims.length);
  const block = node.int('block_size', 0);
  if (block > 0 && own.every((dim, i) => dim * (i === axis ? block : 1) === dims[i])) {
    // Repeats each number for the elements of its block.
    const strides = stridesOf(own);
    const walked = own.flatMap((dim, i) => (i === axis ? [dim, block] : [dim]));
    const steps = strides.flatMap((stride, i) => (i === axis ? [stride, 0] : [stride]));
    return applyView(
      node,
      value,
      dims,
      { dims: walked, strides: steps, start: 0 },
      `${node.output} ${index}`,
    );
  }
  if (own.length !== 1 || size !== dims[axis]) {
    throw node.fail(`has numbers of [${own.join(', ')}], which do not fit its axis ${axis}.`);
  }
  const stretched = [size, ...dims.slice(axis + 1).map(() => 1)];
  return reshape(node, value, stretched, `${node.output} ${index}`);
}

export function lowerQuantize(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const asked = node.int('output_dtype', 0);
  const type = node.has(2) ? node.constant(2).type : asked === 0 ? 'uint8' : readDataType(asked, node.output);
  const range = RANGES[type];
  if (!range) throw node.fail(`quantises to ${type}, which the engine does not support.`);
  const [low, high] = range;
  const zero: Value[] = node.has(2) ? [broadcastAlongAxis(node, 2, dims)] : [];
  if ('constant' in value) {
    node.define(quantizeConstant(node, type, range));
    return;
  }
  node.define(
    emitElementwise(
      node,
      dims,
      [value, broadcastAlongAxis(node, 1, dims), ...zero],
      ([x = NONE, scale = NONE, z = NONE]) => {
        const rounded = binary('add', unary('round', binary('div', x, scale)), z);
        return binary('min', binary('max', rounded, constant(low)), constant(high));
      },
    ),
  );
}

/** Quantizes a constant: weights, as some exporters write them. */
function quantizeConstant(node: NodeReader, type: DataType, [low, high]: readonly [number, number]): Value {
  const values = node.floats(0);
  const { dims } = node.constant(0);
  const [scale, zero] = [node.floats(1), node.has(2) ? node.floats(2) : new Float32Array(1)];
  if (node.int('block_size', 0) > 0)
    throw node.fail('quantises a constant in blocks, which the engine does not support.');
  const axis = scale.length === 1 ? 0 : node.axis(node.int('axis', 1), dims.length);
  if (zero.length !== 1 && zero.length !== scale.length) {
    throw node.fail(`has ${scale.length} scales and ${zero.length} zero points.`);
  }
  if (scale.length !== 1 && scale.length !== dims[axis]) {
    throw node.fail(`has ${scale.length} scales, which do not fit its axis ${axis}.`);
  }
  const inner = productOf(dims.slice(axis + 1));
  node.builder.spend(values.length * bytesOf(type));
  const bytes = new Uint8Array(values.length * bytesOf(type));
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    const k = scale.length === 1 ? 0 : Math.floor(i / inner) % scale.length;
    const whole = applyUnary('round', Math.fround(value / (scale[k] ?? 1))) ?? 0;
    const kept = Math.min(Math.max(whole + (zero[zero.length === 1 ? 0 : k] ?? 0), low), high);
    if (bytesOf(type) === 1) view.setUint8(i, kept);
    else view.setUint16(i * 2, kept, true);
  });
  return { kind: 'constant', constant: { name: node.output, type, dims, bytes } };
}

export function lowerAnyDequantize(node: NodeReader): void {
  const value = node.value(0);
  if (value.kind === 'constant') {
    const constant = dequantizeBlocks(node, value.constant);
    if (constant) node.define({ kind: 'constant', constant });
    else lowerDequantize(node);
    return;
  }
  const dims = dimsOf(value);
  const zero: Value[] = node.has(2) ? [broadcastAlongAxis(node, 2, dims)] : [];
  node.define(
    emitElementwise(
      node,
      dims,
      [value, broadcastAlongAxis(node, 1, dims), ...zero],
      ([x = NONE, scale = NONE, z = NONE]) => binary('mul', binary('sub', x, z), scale),
    ),
  );
}

/** Dequantizes a constant with one scale per block of an axis; null if there are no such blocks. */
function dequantizeBlocks(node: NodeReader, constant: Constant): Constant | null {
  const block = node.int('block_size', 0);
  if (block <= 0 || !isInteger(constant)) return null;
  const [scale, zero] = [node.floats(1), node.has(2) ? node.floats(2) : null];
  const { dims } = constant;
  const axis = node.axis(node.int('axis', 1), dims.length);
  const size = dims[axis] ?? 1;
  const inner = productOf(dims.slice(axis + 1));
  const parts = Math.ceil(size / block);
  const fits = scale.length === productOf(dims.slice(0, axis)) * parts * inner;
  if (!fits || (zero && zero.length !== scale.length)) return null;
  const stored = numbers(constant);
  node.builder.spend(4 * stored.length);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < values.length; i++) {
    const part = Math.floor((Math.floor(i / inner) % size) / block);
    const row = Math.floor(i / (inner * size));
    const k = (row * parts + part) * inner + (i % inner);
    values[i] = (scale[k] ?? 0) * (Number(stored[i]) - (zero?.[k] ?? 0));
  }
  return constantOf(node.output, dims, values);
}
