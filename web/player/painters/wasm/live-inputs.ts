/**
 * Makes a look's live inputs feedable for ONNX Runtime Web, which refuses a value for any input that
 * has a default ("invalid input"). Each such default is given a field number that ONNX has not, which
 * readers pass over; every other byte stays as it is, so no length has to be written anew.
 */
import { eachField } from '../../../engine/onnx/protobuf.ts';

const GRAPH = 7; // ModelProto.graph
const INITIALIZER = 5; // GraphProto.initializer
const NAME = 8; // TensorProto.name
const UNUSED_FIELD = 4; // reserved in GraphProto
const BYTES = 2; // wire type of a field that has a length

const makeTag = (field: number) => field * 8 + BYTES;

function readName(tensor: Uint8Array): string {
  let name = '';
  eachField(tensor, (cursor, field, wire) => {
    if (field !== NAME || wire !== BYTES) return false;
    name = cursor.text();
    return true;
  });
  return name;
}

/** Where the tag is of the field whose content starts at `content`: before the bytes of its length. */
function findTag(bytes: Uint8Array, contentStart: number): number {
  let offset = contentStart - 2;
  while ((bytes[offset] ?? 0) >= 0x80) offset -= 1;
  return offset;
}

/** The same ONNX file without the initializers of these names. */
export function removeDefaults(bytes: Uint8Array, names: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  eachField(out, (model, field, wire) => {
    if (field !== GRAPH || wire !== BYTES) return false;
    eachField(model.chunk(), (graph, part, kind) => {
      if (part !== INITIALIZER || kind !== BYTES) return false;
      const tensor = graph.chunk();
      if (!names.has(readName(tensor))) return true;
      const offset = findTag(out, tensor.byteOffset);
      if (out[offset] !== makeTag(INITIALIZER))
        throw new Error('The file writes its fields in an unusual way.');
      out[offset] = makeTag(UNUSED_FIELD);
      return true;
    });
    return true;
  });
  return out;
}
