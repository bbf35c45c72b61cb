/**
 * Makes a look's live inputs feedable for ONNX Runtime Web, which refuses a value for any input that
 * has a default ("invalid input"). The defaults are taken out of the file; everything else stays as it
 * is, byte for byte. Only the two outer levels of the protobuf message are walked.
 */

const GRAPH = 7; // ModelProto.graph
const INITIALIZER = 5; // GraphProto.initializer
const NAME = 8; // TensorProto.name

interface Field {
  number: number;
  /** Where the field with its tag starts and ends, and where its content starts. */
  start: number;
  content: number;
  end: number;
}

const LENGTH_DELIMITED = 2;

function* fields(bytes: Uint8Array, from: number, to: number): Generator<Field> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || at > to) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('The file ends in the middle of a field.');
  };
  while (at < to) {
    const start = at;
    const tag = varint();
    const wire = tag & 7;
    let content = at;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === LENGTH_DELIMITED) {
      const length = varint();
      content = at;
      at += length;
    } else throw new Error('The file holds a field of an unknown kind.');
    if (at > to) throw new Error('The file ends in the middle of a field.');
    yield { number: Math.floor(tag / 8), start, content, end: at };
  }
}

function nameOf(bytes: Uint8Array, tensor: Field): string {
  for (const field of fields(bytes, tensor.content, tensor.end)) {
    if (field.number === NAME) return new TextDecoder().decode(bytes.subarray(field.content, field.end));
  }
  return '';
}

function varintBytes(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
  return out;
}

/** The same ONNX file without the initializers of these names. */
export function withoutDefaults(bytes: Uint8Array, names: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const field of fields(bytes, 0, bytes.length)) {
    if (field.number !== GRAPH) {
      parts.push(bytes.subarray(field.start, field.end));
      continue;
    }
    const kept = [...fields(bytes, field.content, field.end)].filter(
      part => part.number !== INITIALIZER || !names.has(nameOf(bytes, part)),
    );
    const length = kept.reduce((sum, part) => sum + part.end - part.start, 0);
    parts.push(Uint8Array.from([GRAPH * 8 + LENGTH_DELIMITED, ...varintBytes(length)]));
    for (const part of kept) parts.push(bytes.subarray(part.start, part.end));
  }
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
