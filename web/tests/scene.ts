// What the tests of the frame path paint from, and how they look at what comes of it.

import { expect } from 'vitest';
import { type Look, type Painter, readLook } from '../engine/index.ts';

export const look = async (name: string): Promise<Look> =>
  readLook(new Uint8Array(await (await fetch(`/${name}.onnx`)).arrayBuffer()));

/** Red on the left, blue on the right, twice as wide as high, with green outside the centre square. */
export function scene(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(640, 320);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.fillStyle = 'lime';
  context.fillRect(0, 0, 640, 320);
  context.fillStyle = 'red';
  context.fillRect(160, 0, 160, 320);
  context.fillStyle = 'blue';
  context.fillRect(320, 0, 160, 320);
  return canvas;
}

export function pixels(canvas: OffscreenCanvas): (x: number, y: number) => number[] {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d');
  context?.drawImage(canvas, 0, 0);
  const data = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  return (x, y) => Array.from(data.slice((y * canvas.width + x) * 4, (y * canvas.width + x) * 4 + 3));
}

export const far = (a: number[] | Float32Array, b: number[]): number =>
  Math.max(...Array.from(b, (value, i) => Math.abs((a[i] ?? 999) - value)));

/** The guide's kernel is compiled when it is first wanted. */
export async function untilGuide(
  painter: Painter,
  source: OffscreenCanvas,
  guide: OffscreenCanvas,
): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    painter.paint(source);
    await painter.finished();
    painter.paint(source);
    if (pixels(guide)(1, 1).some(value => value > 0)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** A camera that shows the scene. */
export async function camera(source: OffscreenCanvas): Promise<HTMLVideoElement> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [source.width, source.height];
  const context = canvas.getContext('2d');
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(10);
  const draw = setInterval(() => context?.drawImage(source, 0, 0), 50);
  await video.play();
  await expect.poll(() => video.readyState, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
  clearInterval(draw);
  return video;
}
