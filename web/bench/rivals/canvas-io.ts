// Between camera and canvas for engines that compute in JavaScript's memory: the 2-D canvas, as their
// examples do it, in one pass over the pixels in the order that the engine wants, into memory that is kept.

import { centerCrop, getContext2d } from '../../shared/canvas.ts';

/** A picture's values as planes (3, P, P), or pixel by pixel (P, P, 3). */
export type Layout = 'chw' | 'hwc';

export interface CanvasIo {
  /** The video's centre square as values of 0..1; the same array each time. */
  readFrame(video: HTMLVideoElement): Float32Array<ArrayBuffer>;
  showPainting(painting: Float32Array): void;
}

export function makeCanvasIo(canvas: HTMLCanvasElement, pixels: number, layout: Layout): CanvasIo {
  const reader = getContext2d(new OffscreenCanvas(pixels, pixels), { willReadFrequently: true });
  canvas.width = pixels;
  canvas.height = pixels;
  const display = getContext2d(canvas);
  const image = new ImageData(pixels, pixels);
  const values = new Float32Array(3 * pixels ** 2);
  return {
    readFrame: video => {
      reader.drawImage(video, ...centerCrop(video.videoWidth, video.videoHeight), 0, 0, pixels, pixels);
      rgbaToFloats(reader.getImageData(0, 0, pixels, pixels).data, values, layout);
      return values;
    },
    showPainting: painting => {
      floatsToRgba(painting, image.data, layout);
      display.putImageData(image, 0, 0);
    },
  };
}

/** RGBA bytes to values of 0..1. */
export function rgbaToFloats(rgba: Uint8ClampedArray, values: Float32Array, layout: Layout): void {
  const area = rgba.length / 4;
  const [step, channel] = strides(area, layout);
  for (let pixel = 0; pixel < area; pixel++) {
    const to = pixel * step;
    values[to] = (rgba[pixel * 4] ?? 0) / 255;
    values[to + channel] = (rgba[pixel * 4 + 1] ?? 0) / 255;
    values[to + 2 * channel] = (rgba[pixel * 4 + 2] ?? 0) / 255;
  }
}

/** And back, opaque; the clamped array rounds and clips. */
export function floatsToRgba(values: Float32Array, rgba: Uint8ClampedArray, layout: Layout): void {
  const area = rgba.length / 4;
  const [step, channel] = strides(area, layout);
  for (let pixel = 0; pixel < area; pixel++) {
    const from = pixel * step;
    rgba[pixel * 4] = (values[from] ?? 0) * 255;
    rgba[pixel * 4 + 1] = (values[from + channel] ?? 0) * 255;
    rgba[pixel * 4 + 2] = (values[from + 2 * channel] ?? 0) * 255;
    rgba[pixel * 4 + 3] = 255;
  }
}

/** The same values in the other order. */
export function convertLayout(values: Float32Array, from: Layout, to: Layout): Float32Array<ArrayBuffer> {
  const area = values.length / 3;
  const [step, channel] = strides(area, from);
  const [newStep, newChannel] = strides(area, to);
  const converted = new Float32Array(values.length);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let c = 0; c < 3; c++) {
      converted[pixel * newStep + c * newChannel] = values[pixel * step + c * channel] ?? 0;
    }
  }
  return converted;
}

/** From a pixel to the next, and from a channel to the next. */
const strides = (area: number, layout: Layout): [step: number, channel: number] =>
  layout === 'chw' ? [1, area] : [3, 1];
