/**
 * Removes the defaults of a look's live inputs and of its state: ONNX Runtime Web refuses a value for any input
 * that has one ("invalid input"). Each default gets a field number that ONNX does not use, which readers skip.
 * All other bytes stay the same, so no length has to be rewritten.
 */
import { eachField } from '../../../engine/onnx/protobuf.ts';

const GRAPH = 7; // ModelProto.graph
const INITIALIZER = 5; // GraphProto.initializer
const NAME = 8; // TensorProto.name
const UNUSED_FIELD = 4; // reserved in GraphProto
const LENGTH_DELIMITED = 2; // wire type of a field that has a length

const makeTag = (field: number) => field * 8 + LENGTH_DELIMITED;

function readName(tensor: Uint8Array): string {
  let name = '';
  eachField(tensor, (cursor, field, wireType) => {
    if (field !== NAME || wireType !== LENGTH_DELIMITED) return false;
    name = cursor.text();
    return true;
  });
  return name;
}

/** The offset of a field's tag, which stands before the bytes of its length. */
function findTag(bytes: Uint8Array, contentStart: number): number {
  let offset = contentStart - 2;
  while ((bytes[offset] ?? 0) >= 0x80) offset -= 1;
  return offset;
}

/** The same ONNX file without the initializers of these names. */
export function removeDefaults(bytes: Uint8Array, names: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  eachField(out, (model, field, wireType) => {
    if (field !== GRAPH || wireType !== LENGTH_DELIMITED) return false;
    eachField(model.chunk(), (graph, graphField, graphWireType) => {
      if (graphField !== INITIALIZER || graphWireType !== LENGTH_DELIMITED) return false;
      const tensor = graph.chunk();
      if (!names.has(readName(tensor))) return true;
      const offset = findTag(out, tensor.byteOffset);
      if (out[offset] !== makeTag(INITIALIZER))
        throw new Error('The file encodes its fields in an unusual way.');
      out[offset] = makeTag(UNUSED_FIELD);
      return true;
    });
    return true;
  });
  return out;
}
