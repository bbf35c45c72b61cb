// Constants of integers, exact: as BigInts, which hold every int64 and wrap around like the type, as ONNX does.

import { bytesOf, type Constant, type DataType, numbers } from './constant.ts';

/** The numbers of an integer constant. Small tensors only. */
export const bigints = (constant: Constant): bigint[] =>
  Array.from<number | bigint, bigint>(numbers(constant), BigInt);

/** Wraps the value around the ends of the type. A bool stays as it is. */
export function wrapToType(type: DataType, value: bigint): bigint {
  if (type === 'bool') return value;
  const bits = type.endsWith('int4') ? 4 : 8 * bytesOf(type);
  return type.startsWith('u') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
}

export function integerConstant(
  name: string,
  type: DataType,
  dims: readonly number[],
  values: readonly bigint[],
): Constant {
  const width = bytesOf(type);
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (width === 8) view.setBigInt64(i * 8, value, true);
    else if (width === 4) view.setInt32(i * 4, Number(value), true);
    else if (width === 2) view.setInt16(i * 2, Number(value), true);
    else view.setInt8(i, Number(value));
  });
  return { name, type, dims, bytes };
}

/** int64, the type of ONNX shapes. */
export const int64Constant = (name: string, dims: readonly number[], values: readonly number[]): Constant =>
  integerConstant(name, 'int64', dims, values.map(BigInt));
