// Writes the few messages of an ONNX file that this folder makes anew, in the protobuf wire format.

const utf8 = new TextEncoder();

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Numbers of AttributeProto.type. */
const STRING = 3;
const INTS = 7;

const FLOAT32 = 1;

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value)); // a negative number has ten bytes
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest % 128n) + 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A field of a number, or of bytes: a text, numbers or another message. */
export const writeField = (field: number, content: Uint8Array | number): Bytes =>
  typeof content === 'number'
    ? concat([varint(field * 8 + VARINT), varint(content)])
    : concat([varint(field * 8 + LENGTH_DELIMITED), varint(content.length), content]);

const textField = (field: number, text: string) => writeField(field, utf8.encode(text));

export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, string | readonly number[]>>;
}

/** A NodeProto. */
export const writeNode = ({ op, inputs, output, attributes }: NewNode): Bytes =>
  concat([
    ...inputs.map(input => textField(1, input)),
    textField(2, output),
    textField(4, op),
    ...Object.entries(attributes).map(([name, value]) => writeField(5, writeAttribute(name, value))),
  ]);

const writeAttribute = (name: string, value: string | readonly number[]) =>
  concat([
    textField(1, name),
    ...(typeof value === 'string' ? [textField(4, value)] : value.map(number => writeField(8, number))),
    writeField(20, typeof value === 'string' ? STRING : INTS),
  ]);

/** A TensorProto of float32 numbers. */
export const writeFloats = (name: string, dims: readonly number[], values: readonly number[]): Bytes =>
  concat([
    ...dims.map(dim => writeField(1, dim)),
    writeField(2, FLOAT32),
    textField(8, name),
    writeField(9, new Uint8Array(Float32Array.from(values).buffer)),
  ]);

/** A ModelProto that gives back its input, one number. */
export function smallestModel(): Bytes {
  const one = writeField(2, writeField(1, writeField(1, 1))); // TypeProto.Tensor.shape
  const type = writeField(1, concat([writeField(1, FLOAT32), one]));
  const value = (name: string) => concat([textField(1, name), writeField(2, type)]);
  const graph = concat([
    writeField(1, writeNode({ op: 'Identity', inputs: ['x'], output: 'y', attributes: {} })),
    textField(2, 'smallest'),
    writeField(11, value('x')),
    writeField(12, value('y')),
  ]);
  return concat([writeField(1, 8), writeField(7, graph), writeField(8, writeField(2, 13))]);
}
