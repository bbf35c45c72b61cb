// Writes the few messages of an ONNX file that the page makes anew, in the protobuf wire format.

const utf8 = new TextEncoder();

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Numbers of AttributeProto.type. */
const INT = 2;
const STRING = 3;
const TENSOR = 4;
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
  concat(fieldParts(field, content));

/** The same as parts to be joined, of which the content is no copy: a network has hundreds of megabytes. */
export const fieldParts = (field: number, content: Uint8Array | number): Uint8Array[] =>
  typeof content === 'number'
    ? [varint(field * 8 + VARINT), varint(content)]
    : messageParts(field, [content]);

/** A field of a message that is in parts itself. */
export const messageParts = (field: number, parts: readonly Uint8Array[]): Uint8Array[] => [
  varint(field * 8 + LENGTH_DELIMITED),
  varint(parts.reduce((sum, part) => sum + part.length, 0)),
  ...parts,
];

export const textField = (field: number, text: string) => writeField(field, utf8.encode(text));

/** Numbers in float32. */
interface Floats {
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

type AttributeValue = string | number | readonly number[] | Floats;

export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A NodeProto. */
export const writeNode = ({ op, inputs, output, attributes }: NewNode): Bytes =>
  concat([
    ...inputs.map(input => textField(1, input)),
    textField(2, output),
    textField(4, op),
    ...Object.entries(attributes).map(([name, value]) => writeField(5, writeAttribute(name, value))),
  ]);

function writeAttribute(name: string, value: AttributeValue): Bytes {
  if (typeof value === 'string')
    return concat([textField(1, name), textField(4, value), writeField(20, STRING)]);
  if (typeof value === 'number')
    return concat([textField(1, name), writeField(3, value), writeField(20, INT)]);
  if ('values' in value && 'dims' in value)
    return concat([textField(1, name), writeField(5, writeFloats(value)), writeField(20, TENSOR)]);
  return concat([textField(1, name), ...value.map(number => writeField(8, number)), writeField(20, INTS)]);
}

/** A TensorProto with a name, such as an initializer. */
export const writeTensor = ({ name, ...floats }: Floats & { readonly name: string }): Bytes =>
  concat([writeFloats(floats), textField(8, name)]);

/** A TensorProto. */
const writeFloats = ({ dims, values }: Floats): Bytes =>
  concat([
    ...dims.map(dim => writeField(1, dim)),
    writeField(2, FLOAT32),
    writeField(9, new Uint8Array(Float32Array.from(values).buffer)),
  ]);

/** A ValueInfoProto: an input or an output of this type and shape, whose open dimensions have names. */
export const writeValue = (name: string, dims: readonly (number | string)[], type = FLOAT32): Bytes => {
  const shape = concat(
    dims.map(dim => writeField(1, typeof dim === 'string' ? textField(2, dim) : writeField(1, dim))),
  );
  const tensor = concat([writeField(1, type), writeField(2, shape)]);
  return concat([textField(1, name), writeField(2, writeField(1, tensor))]);
};

/** A ModelProto that gives back its input, one number. */
export function smallestModel(): Bytes {
  const graph = concat([
    writeField(1, writeNode({ op: 'Identity', inputs: ['x'], output: 'y', attributes: {} })),
    textField(2, 'smallest'),
    writeField(11, writeValue('x', [1])),
    writeField(12, writeValue('y', [1])),
  ]);
  return concat([writeField(1, 8), writeField(7, graph), writeField(8, writeField(2, 13))]);
}
