/** What makes the numbers of a painting, for a look that paints in any style. */
import { isBytes, readFields, textOf } from '../onnx-fields.ts';

/** The entry of the metadata that names the file beside the look. */
const PREDICTOR = 'limner.predictor';

// Of ModelProto.
const METADATA = 14;

/** Null for a look of one style, and for what is no look. */
export function findPredictor(bytes: Uint8Array): string | null {
  try {
    const entry = readFields(bytes).find(
      ([field, content]) => field === METADATA && isBytes(content) && textOf(content, 1) === PREDICTOR,
    )?.[1];
    return entry && isBytes(entry) ? textOf(entry, 2) : null;
  } catch {
    return null; // it is no ONNX file, which is told elsewhere
  }
}
