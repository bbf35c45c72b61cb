/** Small pictures of what is learned from. */
import { centerCrop } from '../../shared/canvas.ts';
import { makeCanvas } from './frames.ts';

/** In pixels of the screen's, for screens of two to one. */
const SIDE = 112;

export function makeThumbnail(picture: HTMLCanvasElement): HTMLCanvasElement {
  return makeCanvas({ width: SIDE, height: SIDE }, context =>
    context.drawImage(picture, ...centerCrop(picture.width, picture.height), 0, 0, SIDE, SIDE),
  );
}
