/** The worker that draws networks, so that the page never waits: with WebGL2, else with plain loops. */
import { nextTask } from '../../shared/next-task.ts';
import type { DrawReply, DrawRequest, DrawTask, Scene } from './draw-protocol.ts';
import { activationsOf, placesOf, type View } from './evaluate.ts';
import { GlBrush } from './gl-brush.ts';

const TILE = 512;

let brush: GlBrush | null | undefined;

function brushOf(): GlBrush | null {
  if (brush?.isLost) brush = undefined;
  try {
    brush ??= brush === null ? null : new GlBrush();
  } catch {
    brush = null;
  }
  return brush;
}

function drawByLoops({ network, weights, latent }: Scene, view: View, width: number, height: number) {
  const places = placesOf(network, view, width, height, latent);
  const count = width * height;
  const colors = activationsOf(network, weights, places, count).at(-1);
  const image = new ImageData(width, height);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (colors?.[c * count + i] ?? 0) + 0.5;
    image.data[4 * i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

/** Draws a part, onto a canvas that is the worker's. */
function draw(scene: Scene, view: View, width: number, height: number) {
  const found = brushOf();
  if (found) return { milliseconds: found.draw(scene, view, width, height), canvas: found.canvas };
  const begin = performance.now();
  const canvas = drawByLoops(scene, view, width, height);
  return { milliseconds: performance.now() - begin, canvas };
}

/** A large picture, tile by tile: other drawings go in between. */
async function drawPng(
  { scene, view, side }: Extract<DrawTask, { kind: 'png' }>,
  onPart: (part: number) => void,
): Promise<Blob> {
  const whole = new OffscreenCanvas(side, side);
  const context = whole.getContext('2d');
  if (!context) throw new Error('This browser cannot draw a picture of that size.');
  const [left, top, right, bottom] = view;
  const along = (first: number, last: number, pixel: number) => first + ((last - first) * pixel) / side;
  const tiles = Math.ceil(side / TILE);
  for (let i = 0; i < tiles * tiles; i++) {
    const [x, y] = [(i % tiles) * TILE, Math.floor(i / tiles) * TILE];
    const [width, height] = [Math.min(TILE, side - x), Math.min(TILE, side - y)];
    const part: View = [
      along(left, right, x),
      along(top, bottom, y),
      along(left, right, x + width),
      along(top, bottom, y + height),
    ];
    context.drawImage(draw(scene, part, width, height).canvas, x, y);
    onPart((i + 1) / tiles / tiles);
    await nextTask();
  }
  return whole.convertToBlob({ type: 'image/png' });
}

async function answer({ id, task }: DrawRequest, post: (reply: DrawReply, move?: Transferable[]) => void) {
  const { scene, side } = task;
  if (task.kind === 'maps') {
    const { network, weights, latent } = scene;
    const places = placesOf(network, [-1, -1, 1, 1], side, side, latent);
    const maps = activationsOf(network, weights, places, side * side);
    post(
      { id, kind: 'maps', maps },
      maps.map(map => map.buffer),
    );
  } else if (task.kind === 'png') {
    post({ id, kind: 'png', blob: await drawPng(task, part => post({ id, kind: 'part', part })) });
  } else {
    const { canvas, milliseconds } = draw(scene, task.view, side, side);
    const bitmap = canvas.transferToImageBitmap();
    post({ id, kind: 'drawn', bitmap, milliseconds }, [bitmap]);
  }
}

const worker = self as unknown as Worker;
worker.addEventListener('message', async ({ data }: MessageEvent<DrawRequest>) => {
  const post = (reply: DrawReply, move: Transferable[] = []) => worker.postMessage(reply, move);
  try {
    await answer(data, post);
  } catch (error) {
    post({ id: data.id, kind: 'failed', reason: String(error instanceof Error ? error.message : error) });
  }
});
