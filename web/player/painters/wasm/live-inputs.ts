/**
 * Makes a look's live inputs feedable for ONNX Runtime Web, which refuses a value for any input that
 * has a default ("invalid input"). Each such default is given a field number that ONNX has not, which
 * readers pass over; every other byte stays as it is, so no length has to be written anew.
 */
import { eachField } from '../../../engine/onnx/protobuf.ts';

const GRAPH = 7; // ModelProto.graph
const INITIALIZER = 5; // GraphProto.initializer
const NAME = 8; // TensorProto.name
const NOBODYS = 4; // reserved in GraphProto
const BYTES = 2; // wire type of a field that has a length

const tagOf = (field: number) => field * 8 + BYTES;

function nameOf(tensor: Uint8Array): string {
  let name = '';
  eachField(tensor, (cursor, field, wire) => {
    if (field !== NAME || wire !== BYTES) return false;
    name = cursor.text();
    return true;
  });
  return name;
}

/** Where the tag is of the field whose content starts at `content`: before the bytes of its length. */
function tagBefore(bytes: Uint8Array, content: number): number {
  let at = content - 2;
  while ((bytes[at] ?? 0) >= 0x80) at -= 1;
  return at;
}

/** The same ONNX file without the initializers of these names. */
export function withoutDefaults(bytes: Uint8Array, names: ReadonlySet<string>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  eachField(out, (model, field, wire) => {
    if (field !== GRAPH || wire !== BYTES) return false;
    eachField(model.chunk(), (graph, part, kind) => {
      if (part !== INITIALIZER || kind !== BYTES) return false;
      const tensor = graph.chunk();
      if (!names.has(nameOf(tensor))) return true;
      const at = tagBefore(out, tensor.byteOffset);
      if (out[at] !== tagOf(INITIALIZER)) throw new Error('The file writes its fields in an unusual way.');
      out[at] = tagOf(NOBODYS);
      return true;
    });
    return true;
  });
  return out;
}
