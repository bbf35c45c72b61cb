// Lowering of operators that read sizes and make constants. All are known at load.

import {
  bytesOf,
  constantOf,
  type DataType,
  exactNumbers,
  isInteger,
  readDataType,
  sizeOf,
} from '../../onnx/constant.ts';
import { bigints, int64Constant, integerConstant, wrapToType } from '../../onnx/integers.ts';
import { dimsOf, MAX_INTEGERS, type NodeReader } from './builder.ts';
import { FLOATS, isToFloat, lowerCast } from './cast.ts';

export function lowerShape(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const shown = dims.slice(node.int('start', 0), node.int('end', dims.length));
  node.define({ kind: 'constant', constant: int64Constant(node.output, [shown.length], shown) });
}

export function lowerSize(node: NodeReader): void {
  const size = sizeOf(dimsOf(node.value(0)), node.output);
  node.define({ kind: 'constant', constant: int64Constant(node.output, [], [size]) });
}

/** A constant of the given shape, filled with one value. */
export function lowerConstantOfShape(node: NodeReader): void {
  const dims = node.integers(0);
  const value = node.node.attributes.get('value');
  const filler = value?.kind === 'tensor' ? value.value : constantOf(node.output, [1], new Float32Array(1));
  const width = bytesOf(filler.type);
  if (filler.bytes.length !== width) throw node.fail('fills with more than one value.');
  const size = sizeOf(dims, node.output);
  node.builder.spend(size * width);
  const bytes = new Uint8Array(size * width);
  // Each round doubles the filled part.
  bytes.set(filler.bytes.subarray(0, bytes.length));
  for (let done = width; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  node.define({ kind: 'constant', constant: { ...filler, name: node.output, dims, bytes } });
}

export function lowerRange(node: NodeReader): void {
  const ends = [0, 1, 2].map(i => node.constant(i));
  ends.forEach(({ dims }, i) => {
    if (sizeOf(dims, node.output) !== 1) throw node.fail(`needs one number as its input ${i}.`);
  });
  const [start = 0, end = 0, step = 1] = ends.map(one => exactNumbers(one)[0] ?? 0);
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (!(count <= MAX_INTEGERS))
    throw node.fail(`makes ${count} numbers; the engine supports up to ${MAX_INTEGERS}.`);
  const [type] = ends.map(one => one.type);
  if (type && ends.every(isInteger)) {
    const [first = 0n, , by = 1n] = ends.map(one => bigints(one)[0] ?? 0n);
    const values = Array.from({ length: count }, (_, i) => first + BigInt(i) * by);
    node.define({ kind: 'constant', constant: integerConstant(node.output, type, [count], values) });
    return;
  }
  const values = Float32Array.from({ length: count }, (_, i) => start + i * step);
  node.define({ kind: 'constant', constant: constantOf(node.output, [count], values) });
}

/** Casts to the type of the second input. */
export function lowerCastLike(node: NodeReader): void {
  const [value, like] = [node.value(0), node.value(1)];
  if (like.kind === 'constant' && isInteger(like.constant)) castToInteger(node, like.constant.type);
  else if (value.kind === 'constant' && isInteger(value.constant)) castToFloat(node);
  else node.define(value);
}

/** Attributes are clamped to what a double holds exactly. The limits stand for the ends of int64. */
function toInt64(value: number): bigint {
  if (Math.abs(value) < Number.MAX_SAFE_INTEGER) return BigInt(value);
  return value > 0 ? 2n ** 63n - 1n : -(2n ** 63n);
}

/** A constant that is a node. */
export function lowerConstant(node: NodeReader): void {
  const { attributes } = node.node;
  const value = attributes.get('value');
  if (value?.kind === 'tensor') {
    node.define({ kind: 'constant', constant: value.value });
    return;
  }
  const float = attributes.get('value_float') ?? attributes.get('value_floats');
  const int = attributes.get('value_int') ?? attributes.get('value_ints');
  if (float?.kind === 'float' || float?.kind === 'floats') {
    const values = Float32Array.from([float.value].flat());
    const dims = float.kind === 'float' ? [] : [values.length];
    node.define({ kind: 'constant', constant: constantOf(node.output, dims, values) });
  } else if (int?.kind === 'int' || int?.kind === 'ints') {
    const values = [int.value].flat().map(toInt64);
    const dims = int.kind === 'int' ? [] : [values.length];
    node.define({ kind: 'constant', constant: integerConstant(node.output, 'int64', dims, values) });
  } else throw node.fail('holds no tensor of numbers.');
}

/** Integers become floats, and small constants become integers. */
export function lowerAnyCast(node: NodeReader): void {
  const to = node.int('to', 1);
  if (isToFloat(node)) lowerCast(node);
  else if (FLOATS.includes(to)) castToFloat(node);
  else castToInteger(node, readDataType(to, node.output));
}

function castToFloat(node: NodeReader): void {
  const constant = constantOf(node.output, node.constant(0).dims, node.floats(0));
  node.define({ kind: 'constant', constant });
}

/** Integers lose their upper bits, as in ONNX. Floats without such an integer are refused. */
function castToInteger(node: NodeReader, type: DataType): void {
  const value = node.value(0);
  if (value.kind !== 'constant') throw node.fail(`casts to ${type}, which the engine does not support.`);
  const { constant } = value;
  const { dims } = constant;
  node.builder.spend((16 + bytesOf(type)) * sizeOf(dims, node.output));
  const integers = isInteger(constant)
    ? bigints(constant)
    : exactNumbers(constant).map(x => {
        // The magnitude of a bool does not matter.
        const near = type === 'bool' ? Number(x !== 0) : Math.trunc(x);
        if (!Number.isSafeInteger(near) || wrapToType(type, BigInt(near)) !== BigInt(near)) {
          throw node.fail(`casts ${x}, which is no ${type}.`);
        }
        return BigInt(near);
      });
  const values = integers.map(x => (type === 'bool' ? BigInt(x !== 0n) : wrapToType(type, x)));
  node.define({ kind: 'constant', constant: integerConstant(node.output, type, dims, values) });
}
