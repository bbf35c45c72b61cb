// A picture in memory, for programs without a page.

/** Rows of pixels, the top one first, with four bytes (RGBA) a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}
