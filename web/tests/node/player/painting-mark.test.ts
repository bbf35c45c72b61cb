import { crc32, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { markPainting } from '../../../player/render/painting-mark.ts';

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

it('a saved painting has the mark as its second chunk, and nothing else changes', async () => {
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const header = chunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]));
  const rest = [chunk('IDAT', deflateSync(Buffer.alloc(4))), chunk('IEND', Buffer.alloc(0))];
  const png = Uint8Array.from(Buffer.concat([signature, header, ...rest]));
  const marked = markPainting(new Blob([png], { type: 'image/png' }));
  const mark = chunk('tEXt', Buffer.from('Software\0limner page: painting'));
  expect(Buffer.from(await marked.arrayBuffer())).toEqual(Buffer.concat([signature, header, mark, ...rest]));
  expect(marked.type).toBe('image/png');
});
