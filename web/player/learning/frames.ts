/** Photos and frames of the page's source, as canvases and examples. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { openPicture } from '../sources/file.ts';
import type { Frame, Source } from '../sources/source.ts';
import { type Example, MAX_ZOOM, type Size } from './example.ts';

/** A canvas, with what is drawn at once. */
export function makeCanvas(
  { width, height }: Size,
  draw: (context: CanvasRenderingContext2D) => void,
): HTMLCanvasElement {
  const canvas = makeElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = getContext2d(canvas, { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  draw(context);
  return canvas;
}

const sizeOf = (frame: Frame): Size =>
  frame instanceof HTMLVideoElement ? { width: frame.videoWidth, height: frame.videoHeight } : frame;

/** What the painter sees of a source now, at this size. Null before a video has a frame. */
export function takeFrame(source: Source, isMirrored: boolean, size: Size): HTMLCanvasElement | null {
  const { frame } = source;
  const { width, height } = sizeOf(frame);
  if (width === 0) return null;
  return makeCanvas(size, context => {
    if (isMirrored) context.setTransform(-1, 0, 0, 1, size.width, 0);
    const crop = centerCrop(width, height, size.width / size.height);
    context.drawImage(frame, ...crop, 0, 0, size.width, size.height);
  });
}

/** A photo, so large that its largest part for a look may be enlarged. Throws an error for people. */
export async function openPhoto(file: File, look: Size): Promise<HTMLCanvasElement> {
  const { frame } = await openPicture(file);
  const { width, height } = sizeOf(frame);
  const [, , fit] = centerCrop(width, height, look.width / look.height);
  const scale = Math.min(1, (MAX_ZOOM * look.width) / fit);
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return makeCanvas(size, context => context.drawImage(frame, 0, 0, size.width, size.height));
}

/** The bytes of a canvas at this size. */
export function readPixels(canvas: HTMLCanvasElement, size: Size = canvas): Uint8ClampedArray {
  const isSame = canvas.width === size.width && canvas.height === size.height;
  const scaled = isSame
    ? canvas
    : makeCanvas(size, context => context.drawImage(canvas, 0, 0, size.width, size.height));
  return getContext2d(scaled).getImageData(0, 0, size.width, size.height).data;
}

/** A picture that is to be painted as it is. */
export function photoExample(canvas: HTMLCanvasElement): Example {
  const pixels = readPixels(canvas);
  return { width: canvas.width, height: canvas.height, shown: pixels, painted: pixels };
}
