/** Pointers of Git LFS, which stand for the files where those were not fetched. A site may publish them by mistake. */

const START = 'version https://git-lfs.github.com/spec/';

/** How many bytes of a file `isLfsPointer` reads. */
export const POINTER_START_BYTES = START.length;

/** Whether these bytes, the first of a file or all, are those of a pointer. */
export const isLfsPointer = (bytes: Uint8Array): boolean =>
  new TextDecoder().decode(bytes.subarray(0, POINTER_START_BYTES)) === START;

/** What a pointer is and what helps, after the name of the file. */
export const IS_POINTER =
  'is Git LFS’s pointer to the file, not the file. Run “git lfs pull” where it comes from, or download it from the site.';
