// Camera and canvas for engines that compute in CPU memory. It uses the 2-D canvas, as their examples do: one pass
// over the pixels, in the engine's memory layout, into buffers that are reused.

import { centerCrop, getContext2d } from '../../shared/canvas.ts';

/** The memory layout of an image: planes (3, P, P), or pixel by pixel (P, P, 3). */
export type Layout = 'chw' | 'hwc';

export interface CanvasIo {
  /** Reads the video's centre square as values of 0..1, into the same array each time. */
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

/** Converts RGBA bytes to values of 0..1. */
function rgbaToFloats(rgba: Uint8ClampedArray, values: Float32Array, layout: Layout): void {
  const area = rgba.length / 4;
  const [step, channel] = strides(area, 3, layout);
  for (let pixel = 0; pixel < area; pixel++) {
    const to = pixel * step;
    values[to] = (rgba[pixel * 4] ?? 0) / 255;
    values[to + channel] = (rgba[pixel * 4 + 1] ?? 0) / 255;
    values[to + 2 * channel] = (rgba[pixel * 4 + 2] ?? 0) / 255;
  }
}

/** Converts values of 0..1 to opaque RGBA bytes; the clamped array rounds and clips. */
function floatsToRgba(values: Float32Array, rgba: Uint8ClampedArray, layout: Layout): void {
  const area = rgba.length / 4;
  const [step, channel] = strides(area, 3, layout);
  for (let pixel = 0; pixel < area; pixel++) {
    const from = pixel * step;
    rgba[pixel * 4] = (values[from] ?? 0) * 255;
    rgba[pixel * 4 + 1] = (values[from + channel] ?? 0) * 255;
    rgba[pixel * 4 + 2] = (values[from + 2 * channel] ?? 0) * 255;
    rgba[pixel * 4 + 3] = 255;
  }
}

/** Converts values from one memory layout to the other. */
export function convertLayout(
  values: Float32Array,
  from: Layout,
  to: Layout,
  channels = 3,
): Float32Array<ArrayBuffer> {
  const area = values.length / channels;
  const [step, channel] = strides(area, channels, from);
  const [newStep, newChannel] = strides(area, channels, to);
  const converted = new Float32Array(values.length);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let c = 0; c < channels; c++) {
      converted[pixel * newStep + c * newChannel] = values[pixel * step + c * channel] ?? 0;
    }
  }
  return converted;
}

/** The strides from one pixel to the next, and from one channel to the next. */
const strides = (area: number, channels: number, layout: Layout): [step: number, channel: number] =>
  layout === 'chw' ? [1, area] : [channels, 1];
