// A canvas of the engine's own: an element where there is a document, since older Safari's OffscreenCanvas has
// no WebGL; an OffscreenCanvas in a worker.

import type { Canvas } from '../painter.ts';

export function makeCanvas(width: number, height: number): Canvas {
  if (typeof document === 'undefined') return new OffscreenCanvas(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return canvas;
}
