// Writes the protobuf wire format: fields of numbers, bytes and messages.

export type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

export function concatBytes(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varint(value: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value)); // a negative number has ten bytes
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest % 128n) + 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A field of a number, or of bytes: a text, numbers or another message. */
export const writeField = (field: number, content: Uint8Array | number): Bytes =>
  typeof content === 'number'
    ? concatBytes([varint(field * 8 + VARINT), varint(content)])
    : concatBytes([varint(field * 8 + LENGTH_DELIMITED), varint(content.length), content]);

export const writeText = (field: number, text: string): Bytes => writeField(field, utf8.encode(text));

export const writeFloat = (field: number, value: number): Bytes =>
  concatBytes([varint(field * 8 + FIXED_32), new Uint8Array(Float32Array.of(value).buffer)]);
