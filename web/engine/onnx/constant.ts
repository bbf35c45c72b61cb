// A constant tensor: its type, its dimensions, and its bytes in the file.
//
// The bytes stay views into the file, so that a model of 218 MB is in memory once. `floats` and `integers` make
// numbers of them on request, one tensor at a time.

import { EngineError } from '../error.ts';
import { Cursor, clampToExact, eachField, readRepeated } from './protobuf.ts';

export type DataType =
  | 'float32'
  | 'float16'
  | 'float64'
  | 'uint8'
  | 'int8'
  | 'uint4'
  | 'int4'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'bool';

const TYPES: Readonly<Record<number, DataType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  21: 'uint4',
  22: 'int4',
};

/** The typed array for each type; float16 as bit patterns, numbers of four bits one to a byte. */
const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint4: Uint8Array,
  int4: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** Bytes of one number in memory. */
export const bytesOf = (type: DataType): number => ARRAYS[type].BYTES_PER_ELEMENT;

export interface Constant {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  /** Little-endian, row-major, and exactly as many as the type and dimensions need. */
  readonly bytes: Uint8Array;
}

export function readDataType(code: number, where: string): DataType {
  const type = TYPES[code];
  if (type === undefined) {
    throw new EngineError(`${where} has ONNX data type ${code}, which the engine does not read.`);
  }
  return type;
}

/** Product of the dimensions. Throws if it is no safe integer. */
export function sizeOf(dims: readonly number[], where: string): number {
  let size = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new EngineError(`${where} has the impossible dimensions [${dims.join(', ')}].`);
    }
    size *= dim;
  }
  if (!Number.isSafeInteger(size)) {
    throw new EngineError(`${where} has the impossible dimensions [${dims.join(', ')}].`);
  }
  return size;
}

/** Dimensions of a tensor, at most. */
const MAX_DIMENSIONS = 8;
/** Typed fields may grow when they are read, since a varint of one byte becomes an int64. Small tensors may grow
 * freely. */
const FREE_BYTES = 2 ** 16;

/** Reads a TensorProto. */
export function readConstant(message: Uint8Array): Constant {
  const dims: number[] = [];
  let code = 0;
  let name = '';
  let raw: Uint8Array | undefined;
  let external = false;
  eachField(message, (cursor, field, wire) => {
    switch (field) {
      case 1:
        return readRepeated(cursor, wire, c => c.varint(), dims, MAX_DIMENSIONS);
      case 2:
        code = cursor.varint();
        return true;
      case 8:
        name = cursor.text();
        return true;
      case 9:
        raw = cursor.chunk();
        return true;
      case 14:
        external = cursor.varint() === 1;
        return true;
      default:
        return false;
    }
  });
  const where = `Tensor '${name}'`;
  if (external) {
    throw new EngineError(
      `${where} is stored outside the file; save the model as one file (external_data=False).`,
    );
  }
  const type = readDataType(code, where);
  const size = sizeOf(dims, where);
  const bytes = raw ?? readTypedField(message, type, where);
  const isPacked = type.endsWith('int4');
  if (bytes.length !== (isPacked ? Math.ceil(size / 2) : size * bytesOf(type))) {
    throw new EngineError(
      `${where} claims ${size} values of ${type} (${dims.join(' x ')}) but holds ${bytes.length} bytes.`,
    );
  }
  return { name, type, dims, bytes: isPacked ? unpackNibbles(bytes, size, type) : bytes };
}

/** Numbers of four bits, two to a byte in the file, the first of them in the low bits. */
function unpackNibbles(packed: Uint8Array, size: number, type: DataType): Uint8Array {
  const sign = type === 'int4' ? 8 : 0;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = ((((packed[i >> 1] ?? 0) >> (4 * (i & 1))) & 15) ^ sign) - sign;
  return bytes;
}

/** The field of TensorProto that holds numbers of a type, where they are not raw bytes. */
const FIELDS: Partial<Record<DataType, number>> = { float32: 4, float64: 10, int64: 7 };
const DEFAULT_FIELD = 5;

/** Reads numbers from a typed field. They are counted first, so that nothing but the result takes memory. */
function readTypedField(message: Uint8Array, type: DataType, where: string): Uint8Array {
  const width = bytesOf(type);
  const own = FIELDS[type] ?? DEFAULT_FIELD;
  const plain = type === 'float32' || type === 'float64';
  let count = 0;
  eachField(message, (cursor, field, wire) => {
    if (field !== own) return false;
    if (wire !== 2) {
      cursor.skip(wire);
      count += 1;
      return true;
    }
    const chunk = cursor.chunk();
    // The last byte of a varint has no high bit.
    count += plain ? chunk.length / width : chunk.reduce((sum, byte) => sum + (byte < 128 ? 1 : 0), 0);
    return true;
  });
  const size = Math.ceil(count) * width;
  if (size > 2 * message.length + FREE_BYTES) {
    throw new EngineError(
      `${where} becomes ${size} bytes of ${message.length}; save its numbers as raw data.`,
    );
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const one = (cursor: Cursor) => {
    if (type === 'float32') view.setFloat32(at, cursor.float32(), true);
    else if (type === 'float64') view.setFloat64(at, cursor.float64(), true);
    else if (width === 8) view.setBigInt64(at, cursor.long(), true);
    else if (width === 4) view.setUint32(at, cursor.varint(), true);
    else if (width === 2) view.setUint16(at, cursor.varint(), true);
    else view.setUint8(at, cursor.varint());
    at += width;
  };
  eachField(message, (cursor, field, wire) => {
    if (field !== own) return false;
    if (wire !== 2) one(cursor);
    else for (const inner = new Cursor(cursor.chunk()); !inner.done; ) one(inner);
    return true;
  });
  return bytes;
}

/** The bytes at an aligned address for a typed array: a view into the file where possible, else a copy. */
function alignedBuffer(constant: Stored): { buffer: ArrayBufferLike; at: number } {
  const { bytes, type } = constant;
  if (bytes.byteOffset % bytesOf(type) === 0) return { buffer: bytes.buffer, at: bytes.byteOffset };
  return { buffer: bytes.slice().buffer, at: 0 };
}

type Stored<T extends DataType = DataType> = { readonly type: T; readonly bytes: Uint8Array };
type Numbers<T extends DataType> = InstanceType<(typeof ARRAYS)[T]>;

/** The stored numbers; float16 as bit patterns. */
export function numbers<T extends DataType>(constant: Stored<T>): Numbers<T> {
  const { buffer, at } = alignedBuffer(constant);
  const make: new (buffer: ArrayBufferLike, at: number, count: number) => Numbers<DataType> =
    ARRAYS[constant.type];
  return new make(buffer, at, constant.bytes.length / bytesOf(constant.type)) as Numbers<T>;
}

/** The stored elements as unsigned integers of their width, for moving them. */
export function elements(constant: Constant): Uint8Array | Uint16Array | Uint32Array | BigUint64Array {
  const { buffer, at } = alignedBuffer(constant);
  const width = bytesOf(constant.type);
  const count = constant.bytes.length / width;
  if (width === 1) return new Uint8Array(buffer, at, count);
  if (width === 2) return new Uint16Array(buffer, at, count);
  return width === 4 ? new Uint32Array(buffer, at, count) : new BigUint64Array(buffer, at, count);
}

/** The value of an IEEE half. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest finite IEEE half. */
export function floatToHalf(value: number): number {
  float[0] = Math.min(Math.max(value, -65504), 65504);
  const [word = 0] = bits;
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return 0x7e00;
  // Below 2^-14 halves are 2^-24 apart. Above, the exponent counts from there, and ties go to even.
  if (size < 0x38800000) return sign | Math.round(Math.abs(value) * 2 ** 24);
  return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

/** Whether `floats` copies. */
export const isCopied = ({ type, bytes }: Constant): boolean =>
  type !== 'float32' || bytes.byteOffset % 4 !== 0;

/** The numbers as float32: a view of the file if they are stored so, else a copy. */
export function floats(constant: Stored): Float32Array {
  const stored = numbers(constant);
  if (stored instanceof Float32Array) return stored;
  const values = new Float32Array(stored.length);
  const half = constant.type === 'float16';
  for (let i = 0; i < values.length; i++) {
    const value = Number(stored[i]);
    values[i] = half ? halfToFloat(value) : value;
  }
  return values;
}

/** The numbers as integers, such as a shape's. Small tensors only. */
export function integers(constant: Constant): number[] {
  return exactNumbers(constant).map(Math.trunc);
}

/** The numbers without rounding to float32, clamped to what a double holds exactly. Small tensors only. */
export function exactNumbers(constant: Constant): number[] {
  const stored = constant.type === 'float16' ? floats(constant) : numbers(constant);
  return Array.from<number | bigint, number>(stored, one =>
    typeof one === 'bigint' ? clampToExact(one) : one,
  );
}

/** Whether the type is an integer type or bool. ONNX computes exactly with such numbers. */
export const isInteger = ({ type }: Constant): boolean => !type.startsWith('float');

export function constantOf(name: string, dims: readonly number[], values: Float32Array): Constant {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, type: 'float32', dims, bytes };
}

/** A constant whose bytes are computed on first use. */
export function lazyConstant(
  { name, dims }: Pick<Constant, 'name' | 'dims'>,
  make: () => Uint8Array,
): Constant {
  let made: Uint8Array | undefined;
  return {
    name,
    type: 'float32',
    dims,
    get bytes() {
      made ??= make();
      return made;
    },
  };
}
