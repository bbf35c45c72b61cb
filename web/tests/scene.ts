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

/** A test pattern on the painter's canvas, against what `run` makes of the same picture. */
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
    expect(far(at(pixel % side, Math.floor(pixel / side)), expected)).toBeLessThan(2);
  }
}

/** Waits until the guide is shown: its kernel is compiled when it is first wanted. */
export async function untilGuide(
  painter: Painter,
  source: OffscreenCanvas,
  guide: OffscreenCanvas,
): Promise<void> {
  const shown = async () => {
    painter.paint(source);
    await painter.finished();
    painter.paint(source);
    return Math.max(...pixels(guide)(1, 1));
  };
  await expect.poll(shown).toBeGreaterThan(0);
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
  await expect.poll(() => video.readyState).toBeGreaterThanOrEqual(2);
  clearInterval(draw);
  return video;
}

/** Takes the WebGL2 context of a canvas away. When this resolves the page was told, some tasks ago: only then may
 * the context be given back, by `restoreContext`. A browser gives one back by itself, but not one that was lost so. */
export async function loseContext(canvas: OffscreenCanvas): Promise<WEBGL_lose_context> {
  const loss = canvas.getContext('webgl2', { alpha: false })?.getExtension('WEBGL_lose_context');
  if (!loss) throw new Error('no WebGL2, or no way to lose it');
  const told = new Promise(resolve => canvas.addEventListener('webglcontextlost', resolve, { once: true }));
  loss.loseContext();
  await told;
  await new Promise(resolve => setTimeout(resolve));
  return loss;
}

/** Has the lost context of a canvas given back as soon as somebody waits for that. */
export function restoreOnceAwaited(canvas: OffscreenCanvas, loss: WEBGL_lose_context): void {
  const { addEventListener } = canvas;
  canvas.addEventListener = function (this: OffscreenCanvas, ...given: unknown[]) {
    Reflect.apply(addEventListener, this, given);
    if (given[0] !== 'webglcontextrestored') return;
    canvas.addEventListener = addEventListener;
    loss.restoreContext();
  };
}
