// A reader of the protobuf wire format.
//
// Why no library: protobuf-es with generated ONNX classes weighs 19 kB gzipped, half of the engine's budget, and
// copies every tensor. A look needs eight message types, and only the tensors are large. This cursor returns views
// into the file. It treats the file as hostile: each length is checked against the remaining bytes before use, and no
// allocation follows a length that the file only claims.

import { EngineError } from '../error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: false });

/** Wire types. Groups (types 3 and 4) are deprecated in protobuf. */
export type Wire = 0 | 1 | 2 | 5;

export class Cursor {
  #view: DataView;
  #at = 0;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  #need(count: number): number {
    const at = this.#at;
    if (count > this.bytes.length - at) {
      throw new EngineError('The ONNX file is cut short or damaged: a field ends after the file does.');
    }
    this.#at = at + count;
    return at;
  }

  /** A varint as a number, negative for a negative int64. One that a double cannot hold exactly is clamped. */
  varint(): number {
    let value = 0;
    // Nearly all numbers of a model are short. Only the others need BigInts.
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return clampToExact(this.long(BigInt(value), 28n));
  }

  /** The same as a BigInt. The bits below `shift` are already in `value`. */
  long(value = 0n, shift = 0n): bigint {
    for (let [long, at] = [value, shift]; at < 70n; at += 7n) {
      const byte = this.#byte();
      long |= BigInt(byte & 127) << at;
      if (byte < 128) return BigInt.asIntN(64, long);
    }
    throw new EngineError('The ONNX file is damaged: a number in it has more than ten bytes.');
  }

  #byte(): number {
    return this.#view.getUint8(this.#need(1));
  }

  float32(): number {
    return this.#view.getFloat32(this.#need(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#need(8), true);
  }

  /** A view of the next length-delimited field. */
  chunk(): Uint8Array {
    const length = this.#length();
    const at = this.#need(length);
    return this.bytes.subarray(at, at + length);
  }

  #length(): number {
    const length = this.varint();
    if (length < 0) throw new EngineError('The ONNX file is damaged: a field has a negative length.');
    return length;
  }

  text(): string {
    return utf8.decode(this.chunk());
  }

  /** Number and wire type of the next field. */
  tag(): [field: number, wire: Wire] {
    const tag = this.varint();
    const wire = tag & 7;
    const field = Math.floor(tag / 8);
    if (field < 1 || (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5)) {
      throw new EngineError('This is not an ONNX file, or it is damaged: a field has no valid tag.');
    }
    return [field, wire];
  }

  skip(wire: Wire): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.#need(8);
    else if (wire === 2) this.#need(this.#length());
    else this.#need(4);
  }
}

const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** Clamps to what a double holds exactly. The end of a range given as INT64_MAX is still beyond every end. */
export function clampToExact(long: bigint): number {
  return Number(long > MAX_EXACT ? MAX_EXACT : long < -MAX_EXACT ? -MAX_EXACT : long);
}

/** Calls `read` for each field. A field for which it returns false is skipped. */
export function eachField(
  bytes: Uint8Array,
  read: (cursor: Cursor, field: number, wire: Wire) => boolean,
): void {
  const cursor = new Cursor(bytes);
  while (!cursor.done) {
    const [field, wire] = cursor.tag();
    if (!read(cursor, field, wire)) cursor.skip(wire);
  }
}

/** Reads a repeated number, packed or not, and appends to `into`, up to `max` entries. */
export function readRepeated<T>(
  cursor: Cursor,
  wire: Wire,
  read: (cursor: Cursor) => T,
  into: T[],
  max: number,
): true {
  const from = wire === 2 ? new Cursor(cursor.chunk()) : cursor;
  do {
    if (wire === 2 && from.done) return true;
    appendBounded(into, read(from), max);
  } while (wire === 2);
  return true;
}

/** Appends to a list of at most `max` entries: an entry of two bytes in a file is a hundred in memory. */
export function appendBounded<T>(list: T[], entry: T, max: number): void {
  if (list.length >= max) throw tooManyError(max);
  list.push(entry);
}

/** Adds to a map of at most `max` entries. A key that is given twice is refused: it takes time, but does not grow the
 * map. */
export function addUnique<T>(into: Map<string, T>, key: string, entry: T, max: number): void {
  if (into.size >= max || into.has(key)) throw into.has(key) ? givenTwiceError(key) : tooManyError(max);
  into.set(key, entry);
}

const tooManyError = (most: number): EngineError =>
  new EngineError(
    `The ONNX file is damaged, or no picture network: a list in it has more than ${most} entries.`,
  );

const givenTwiceError = (key: string): EngineError =>
  new EngineError(`The ONNX file is damaged: '${key}' is given twice where it may be given once.`);
