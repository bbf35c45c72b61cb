/** Looks that the engine refuses: ONNX Runtime runs graphs that the engine does not, if they take and give a picture. */
import { readLookInfo } from '../../../engine/index.ts';
import { UnpaintableError, type WasmLook } from '../painter.ts';

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/**
 * Reads a look that the engine has refused with the reason `refusal`. Throws an UnpaintableError for a file that is
 * no look by its inputs and outputs.
 */
export async function readWasmLook(bytes: Uint8Array, refusal: string): Promise<WasmLook> {
  if (new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER) {
    throw new UnpaintableError(
      'it is Git LFS’s pointer to the file, not the file. Run “git lfs pull” where it comes from, or download it from the site.',
    );
  }
  const info = await readLookInfo(bytes).catch(() => {
    throw new UnpaintableError(
      'it is no network that turns a square picture into a painting of the same size, or it is damaged, or newer than this page.',
    );
  });
  return { info, refusal };
}
