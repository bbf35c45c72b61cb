/** 2-D canvases, and the middle of a picture. */

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
