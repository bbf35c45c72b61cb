// Between camera and canvas for engines that compute in JavaScript's memory: the 2-D canvas, as their
// examples do it.

import { toBytes, toPlanes } from '../../player/wasm/pixels.ts';

export interface CanvasPath {
  /** The video's centre square as planes (3, P, P) of 0..1; the same array each time. */
  take(video: HTMLVideoElement): Float32Array<ArrayBuffer>;
  show(painting: Float32Array): void;
}

export function canvasPath(canvas: HTMLCanvasElement, pixels: number): CanvasPath {
  const grabber = new OffscreenCanvas(pixels, pixels).getContext('2d', { willReadFrequently: true });
  canvas.width = pixels;
  canvas.height = pixels;
  const shown = canvas.getContext('2d');
  if (!grabber || !shown) throw new Error('This browser gives no 2-D canvas.');
  const planes = new Float32Array(3 * pixels ** 2);
  return {
    take: video => {
      grabber.drawImage(video, ...centre(video), 0, 0, pixels, pixels);
      toPlanes(grabber.getImageData(0, 0, pixels, pixels).data, planes);
      return planes;
    },
    show: painting => shown.putImageData(new ImageData(toBytes(painting, pixels ** 2), pixels), 0, 0),
  };
}

/** Left, top, width and height of the largest square in the middle. */
export function centre(video: HTMLVideoElement): [number, number, number, number] {
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  return [(width - side) / 2, (height - side) / 2, side, side];
}
