// Makes a canvas for the engine: an element where there is a document, since the OffscreenCanvas of older Safaris has
// no WebGL, and an OffscreenCanvas in a worker.

import type { Canvas } from '../painter.ts';

export function makeCanvas(width: number, height: number): Canvas {
  if (typeof document === 'undefined') return new OffscreenCanvas(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
