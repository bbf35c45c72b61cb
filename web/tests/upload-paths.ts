// Shared by the tests of the upload paths on WebGPU and WebGL2.

import { expect } from 'vitest';
import type { Painter } from '../engine/index.ts';

/** Functions that undo the replacements of a test. */
export type UndoList = (() => void)[];

/** Replaces a method. `replacement` gets a function that calls the original with the (changed) arguments. */
export function replaceMethod(
  undo: UndoList,
  owner: object,
  method: string,
  replacement: (original: () => unknown, args: unknown[]) => unknown,
): void {
  const original: unknown = Reflect.get(owner, method);
  if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
  Reflect.set(owner, method, function (this: object, ...args: unknown[]) {
    return replacement(() => Reflect.apply(original, this, args), args);
  });
  undo.push(() => Reflect.set(owner, method, original));
}

/** Makes `createImageBitmap` fail. */
export function failBitmaps(undo: UndoList): void {
  replaceMethod(undo, globalThis, 'createImageBitmap', () =>
    Promise.reject(new DOMException('no', 'OperationError')),
  );
}

/** Records the bitmaps that are created from now on. The returned function waits until all are made or refused. */
export function trackBitmaps(undo: UndoList): () => Promise<unknown> {
  const bitmaps: unknown[] = [];
  replaceMethod(undo, globalThis, 'createImageBitmap', original => {
    const bitmap = original();
    bitmaps.push(bitmap);
    return bitmap;
  });
  return () => Promise.allSettled(bitmaps);
}

/** The source drawn on a canvas of 64 x 64 pixels, whose context `prepare` may change. */
export function drawn(
  source: VideoFrame | ImageBitmap | OffscreenCanvas | HTMLCanvasElement,
  prepare: (context: OffscreenCanvasRenderingContext2D) => void,
): OffscreenCanvas {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  prepare(context);
  context.drawImage(source, 0, 0);
  return canvas;
}

/** Paints a video frame that is red above and blue below. */
export function paintFrame(painter: Painter): void {
  const source = new OffscreenCanvas(64, 64);
  const context = source.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.fillStyle = 'red';
  context.fillRect(0, 0, 64, 32);
  context.fillStyle = 'blue';
  context.fillRect(0, 32, 64, 32);
  const frame = new VideoFrame(source, { timestamp: 0 });
  painter.paint(frame);
  frame.close();
}

/** Expects that the canvas is red above and blue below. It must be called in the task that painted. */
export function expectUpright(canvas: OffscreenCanvas): void {
  const copy = new OffscreenCanvas(64, 64).getContext('2d');
  copy?.drawImage(canvas, 0, 0);
  const pixel = (y: number): number[] => Array.from(copy?.getImageData(32, y, 1, 1).data ?? []).slice(0, 3);
  const [above, below] = [pixel(8), pixel(56)];
  const [redAbove = 0, , blueAbove = 0] = above;
  const [redBelow = 0, , blueBelow = 0] = below;
  expect(redAbove - blueAbove, `${above} over ${below}`).toBeGreaterThan(128);
  expect(blueBelow - redBelow, `${above} over ${below}`).toBeGreaterThan(128);
}
