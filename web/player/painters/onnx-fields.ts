/** The fields of a protobuf message as they are, so that a file can be written again with some of them changed. */
import { eachField } from '../../engine/onnx/protobuf.ts';

/** The fields of a message, in order: bytes, or a number. */
export function readFields(message: Uint8Array): [field: number, content: Uint8Array | number][] {
  const fields: [number, Uint8Array | number][] = [];
  eachField(message, (cursor, field, wire) => {
    if (wire !== 0 && wire !== 2) return false; // ONNX has no others in a model and its graph
    fields.push([field, wire === 2 ? cursor.chunk() : cursor.varint()]);
    return true;
  });
  return fields;
}

export const isBytes = (content: Uint8Array | number): content is Uint8Array => typeof content !== 'number';

/** The text in a field of a message; empty if it has none. */
export function textOf(message: Uint8Array, wanted: number): string {
  const text = readFields(message).find(([field]) => field === wanted)?.[1];
  return text && isBytes(text) ? new TextDecoder().decode(text) : '';
}
