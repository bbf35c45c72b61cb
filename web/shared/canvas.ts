/** 2-D canvases, and the centre square of a picture. */

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

/** Left, top, width and height of the largest square in the middle. */
export function centerCrop(width: number, height: number): [number, number, number, number] {
  const side = Math.min(width, height);
  return [(width - side) / 2, (height - side) / 2, side, side];
}
