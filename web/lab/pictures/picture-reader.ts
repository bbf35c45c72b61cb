/** Pictures from files and frames: the square in their middle, in the colours of a screen. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import type { Picture } from '../data/examples.ts';

/** Of one's own pictures. */
export const OWN_SIDE = 64;

export function pictureOf({ data, width: side }: ImageData): Picture {
  const area = side * side;
  const values = Uint8Array.from({ length: 3 * area }, (_, i) => {
    return data[4 * (i % area) + Math.floor(i / area)] ?? 0;
  });
  return { side, channels: 3, values };
}

/** Half as large: the mean of each four pixels. */
export function halve({ side, channels, values }: Picture): Picture {
  const half = side / 2;
  const made = Uint8Array.from({ length: channels * half * half }, (_, i) => {
    const row = 2 * Math.floor(i / half);
    const at = row * side + 2 * (i % half);
    const four = [at, at + 1, at + side, at + side + 1];
    return Math.round(four.reduce((sum, one) => sum + (values[one] ?? 0), 0) / 4);
  });
  return { side: half, channels, values: made };
}

/** Rejects where the browser cannot read the file. */
export async function readPicture(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file);
  const canvas = makeElement('canvas');
  canvas.width = OWN_SIDE;
  canvas.height = OWN_SIDE;
  const context = getContext2d(canvas, { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, ...centerCrop(bitmap.width, bitmap.height), 0, 0, OWN_SIDE, OWN_SIDE);
  bitmap.close();
  return pictureOf(context.getImageData(0, 0, OWN_SIDE, OWN_SIDE));
}

export interface FolderFile {
  readonly file: File;
  readonly className: string;
  readonly isTest: boolean;
}

/** The classes of a folder's files: each is named by the folder it lies in. A folder above it may say test. */
export function sortFolder(files: readonly File[]): FolderFile[] {
  return files.flatMap(file => {
    const parts = file.webkitRelativePath.split('/');
    const className = parts.at(-2);
    if (!/\.(jpe?g|png|webp|gif|bmp|avif)$/i.test(file.name) || parts.length < 3 || !className) return [];
    return [{ file, className, isTest: parts.slice(1, -2).some(part => /^(test|val)$/i.test(part)) }];
  });
}
