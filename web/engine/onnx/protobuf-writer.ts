// Writes the protobuf wire format: fields of numbers, bytes and messages. What is inside another message stays in parts until
// all is written, so that a large weight is copied once.

export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes, one part after the other. */
export type Parts = readonly Uint8Array[];

const utf8 = new TextEncoder();

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const countBytes = (parts: Parts): number => parts.reduce((sum, part) => sum + part.length, 0);

export function concatBytes(parts: Parts): Bytes {
  const bytes = new Uint8Array(countBytes(parts));
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
export const writeField = (field: number, content: Parts | number): Parts =>
  typeof content === 'number'
    ? [varint(field * 8 + VARINT), varint(content)]
    : [varint(field * 8 + LENGTH_DELIMITED), varint(countBytes(content)), ...content];

export const writeText = (field: number, text: string): Parts => writeField(field, [utf8.encode(text)]);

export const writeFloat = (field: number, value: number): Parts => [
  varint(field * 8 + FIXED_32),
  new Uint8Array(Float32Array.of(value).buffer),
];
