/** Reads a look for whatever paints it: ONNX Runtime runs graphs that the engine does not, if they take and give a picture. */
import { EngineError, type LookInfo, readLook, readLookInfo } from '../../engine/index.ts';
import { IS_POINTER, isLfsPointer } from '../../shared/lfs-pointer.ts';
import { type AnyLook, UnpaintableError } from './painter.ts';

const NO_LOOK =
  'it is no network that turns a picture (of at most 4,096 pixels a side) into a painting of the same size, or it is damaged, or too old or too new for this page.';

/**
 * Reads a look. One that the engine refuses may still be painted by ONNX Runtime. Throws an UnpaintableError for a file
 * that is no look by its inputs and outputs, and a FetchError if a part of the engine that this look needs could not be
 * fetched.
 */
export async function readAnyLook(bytes: Uint8Array): Promise<AnyLook> {
  if (isLfsPointer(bytes)) throw new UnpaintableError(`it ${IS_POINTER}`);
  try {
    return await readLook(bytes);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    console.info(error.message); // it names nodes and shapes, which tell a visitor nothing
    return { info: await readInfo(bytes), refusal: error.message };
  }
}

async function readInfo(bytes: Uint8Array): Promise<LookInfo> {
  try {
    return await readLookInfo(bytes);
  } catch (error) {
    throw error instanceof EngineError ? new UnpaintableError(NO_LOOK) : error;
  }
}
