/** 2-D canvases, the middle of a picture, and canvases as PNG. */

export function getContext2d(
  canvas: HTMLCanvasElement,
  settings?: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D;
export function getContext2d(
  canvas: OffscreenCanvas,
  settings?: CanvasRenderingContext2DSettings,
): OffscreenCanvasRenderingContext2D;
export function getContext2d(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  settings?: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D {
  const context = (canvas as HTMLCanvasElement).getContext('2d', settings);
  if (!context) throw new Error('This browser has no 2-D canvas.');
  return context;
}

/** Left, top, width and height of the largest part in the middle that has this ratio of width to height. */
export function centerCrop(width: number, height: number, ratio = 1): [number, number, number, number] {
  const wide = Math.min(width, height * ratio);
  const tall = Math.min(height, width / ratio);
  return [(width - wide) / 2, (height - tall) / 2, wide, tall];
}

/**
 * What the canvas shows, as a PNG. Not by `toBlob`: Chromium encodes that when the page is idle, and a page that paints and
 * learns is never idle. Saving then waits up to 11 s (1 s to begin, 10 s to end), longer than the 5 s for which a click
 * allows a download. Throws an Error if the browser cannot encode the canvas.
 */
export function encodePng(canvas: HTMLCanvasElement): Blob {
  const type = 'image/png';
  const [head, base64] = canvas.toDataURL(type).split(',');
  if (!base64 || !head?.includes(type)) throw new Error('The browser could not save the picture.');
  return new Blob([Uint8Array.from(atob(base64), one => one.charCodeAt(0))], { type });
}
