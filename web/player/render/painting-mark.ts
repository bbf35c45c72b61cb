/** The mark of a saved painting, as `limner/mark.py` writes and reads it: the PNG text `Software`. */

const TEXT = new TextEncoder().encode('tEXtSoftware\0limner page: painting');
/** Where a PNG's signature and its first chunk, IHDR, end. */
const HEADER_END = 33;

/** The PNG with the mark, so that limner never learns from it. */
export function markPainting(png: Blob): Blob {
  const chunk = new Uint8Array(TEXT.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, TEXT.length - 4); // without the chunk's type
  chunk.set(TEXT, 4);
  view.setUint32(TEXT.length + 4, crc32(TEXT));
  return new Blob([png.slice(0, HEADER_END), chunk, png.slice(HEADER_END)], { type: png.type });
}

/** The checksum of a PNG's chunk. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
