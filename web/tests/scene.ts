// Picture sources for the tests of the frame path, and functions that read and check the painted pixels.

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

/** The largest difference of two colours in a channel. */
export const colourDistance = (a: number[] | Float32Array, b: number[]): number =>
  Math.max(...Array.from(b, (value, i) => Math.abs((a[i] ?? 999) - value)));

/** Paints a test pattern and compares the canvas with the result of `run` for the same picture. */
export async function expectCanvasAsRun(painter: Painter, canvas: OffscreenCanvas): Promise<void> {
  const side = painter.info.pixels;
  const source = new OffscreenCanvas(side, side);
  const context = source.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  for (let i = 0; i < side; i++) {
    context.fillStyle = `rgb(${(i * 256) / side} ${255 - (i * 192) / side} ${(i * 37) % 256})`;
    context.fillRect(i, (i * 3) % (side / 2), 1, (side * 3) / 4);
  }
  const { data } = context.getImageData(0, 0, side, side);
  const area = side * side;
  const image = Float32Array.from(
    { length: 3 * area },
    (_, i) => (data[(i % area) * 4 + Math.floor(i / area)] ?? 0) / 255,
  );
  const { painting = new Float32Array() } = await painter.run({ image });
  painter.paint(source);
  const at = pixels(canvas);
  for (let pixel = 0; pixel < area; pixel += 61) {
    const expected = [0, 1, 2].map(channel => (painting[channel * area + pixel] ?? 0) * 255);
    expect(colourDistance(at(pixel % side, Math.floor(pixel / side)), expected)).toBeLessThan(2);
  }
}

/** Paints until the guide is visible: its kernel is compiled on first use. */
export async function untilGuide(
  painter: Painter,
  source: OffscreenCanvas,
  guide: OffscreenCanvas,
): Promise<void> {
  const brightest = async () => {
    painter.paint(source);
    await painter.finished();
    painter.paint(source);
    return Math.max(...pixels(guide)(1, 1));
  };
  await expect.poll(brightest).toBeGreaterThan(0);
}

/** A video element with a camera stream of the source. */
export async function camera(source: OffscreenCanvas): Promise<HTMLVideoElement> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [source.width, source.height];
  const context = canvas.getContext('2d');
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(10);
  const draw = setInterval(() => context?.drawImage(source, 0, 0), 50);
  await video.play();
  await expect.poll(() => video.readyState).toBeGreaterThanOrEqual(2);
  clearInterval(draw);
  return video;
}

/** Loses the WebGL2 context of a canvas with the extension WEBGL_lose_context. A browser does not restore
 * such a context on its own; `restoreContext` does. It may be called only in a task after the event
 * `webglcontextlost`, which is when this resolves. */
export async function loseContext(canvas: OffscreenCanvas): Promise<WEBGL_lose_context> {
  const loss = canvas.getContext('webgl2', { alpha: false })?.getExtension('WEBGL_lose_context');
  if (!loss) throw new Error('no WebGL2, or no WEBGL_lose_context');
  const lostEvent = new Promise(resolve =>
    canvas.addEventListener('webglcontextlost', resolve, { once: true }),
  );
  loss.loseContext();
  await lostEvent;
  await new Promise(resolve => setTimeout(resolve));
  return loss;
}

/** Restores the lost context of a canvas as soon as a listener for `webglcontextrestored` is added. */
export function restoreOnceAwaited(canvas: OffscreenCanvas, loss: WEBGL_lose_context): void {
  const { addEventListener } = canvas;
  canvas.addEventListener = function (this: OffscreenCanvas, ...args: unknown[]) {
    Reflect.apply(addEventListener, this, args);
    if (args[0] !== 'webglcontextrestored') return;
    canvas.addEventListener = addEventListener;
    loss.restoreContext();
  };
}
