// The source of a frame (a video, a VideoFrame, a canvas or a bitmap): its size, and the part of it that the network
// sees.

import { EngineError, messageOf } from '../error.ts';
import type { FrameSource } from '../painter.ts';

export const isVideoFrame = (source: FrameSource): source is VideoFrame =>
  typeof VideoFrame !== 'undefined' && source instanceof VideoFrame;

const isElement = (source: FrameSource): source is HTMLVideoElement =>
  typeof HTMLVideoElement !== 'undefined' && source instanceof HTMLVideoElement;

export const isVideo = (source: FrameSource): source is HTMLVideoElement | VideoFrame =>
  isElement(source) || isVideoFrame(source);

/** A bitmap never changes. */
export const isBitmap = (source: FrameSource): source is ImageBitmap =>
  typeof ImageBitmap !== 'undefined' && source instanceof ImageBitmap;

export type Size = readonly [width: number, height: number];

/** The size of the current frame; zeros while there is none. */
export function sizeOfSource(source: FrameSource): Size {
  if (isElement(source)) return source.readyState >= 2 ? [source.videoWidth, source.videoHeight] : [0, 0];
  if (isVideoFrame(source)) return [source.displayWidth, source.displayHeight];
  // Callers in JavaScript may pass anything.
  const { width, height, naturalWidth }: Partial<HTMLImageElement> = Object(source);
  if (width === undefined || height === undefined || naturalWidth !== undefined) {
    throw new EngineError(
      'paint() takes a video, VideoFrame, canvas or ImageBitmap; createImageBitmap(img) makes one.',
    );
  }
  return [width, height];
}

/** The size, reduced in proportion until no side is larger than `most`. */
export function fitWithin([width, height]: Size, most: number): Size {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))];
}

/** Samples per side of a pixel, at most: 16 reads cover any camera at 256 pixels. */
const MAX_TAPS = 4;

/** The part of a frame that the network sees, in texture coordinates: a corner, the step from pixel to pixel, and the
 * samples per side of a pixel. */
export interface Crop {
  readonly corner: readonly [x: number, y: number];
  readonly step: readonly [x: number, y: number];
  readonly taps: number;
}

/** The largest centred part of a frame of `size` that has the proportions of `pixels`. */
export function cropOf([width, height]: Size, [wide, tall]: Size, mirror: boolean): Crop {
  const step = Math.min(width / wide, height / tall);
  const across = (step * wide) / width;
  const down = (step * tall) / height;
  return {
    corner: [mirror ? (1 + across) / 2 : (1 - across) / 2, (1 - down) / 2],
    step: [((mirror ? -1 : 1) * step) / width, step / height],
    taps: Math.min(Math.max(Math.ceil(step), 1), MAX_TAPS),
  };
}

export function unreadableError(error: unknown): EngineError {
  return new EngineError(
    `The picture cannot be read by the GPU (${messageOf(error)}); serve it from the page's own site.`,
  );
}
