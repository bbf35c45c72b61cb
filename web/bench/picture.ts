// What is painted: the page's built-in scene, as planes for the networks and as a video for the cameras.

import { drawTable } from '../player/table.ts';
import { toPlanes } from '../player/wasm/pixels.ts';

/** The moment of the scene that outputs are compared on. */
const MOMENT_SECONDS = 6;
const VIDEO_WIDTH = 640;
const VIDEO_HEIGHT = 480;
const FRAMES_A_SECOND = 30;

/** The scene as planes (3, P, P) of 0..1. */
export function testPicture(pixels: number): Float32Array<ArrayBuffer> {
  const context = new OffscreenCanvas(pixels, pixels).getContext('2d');
  if (!context) throw new Error('This browser gives no 2-D canvas.');
  // The scene knows only what both kinds of canvas have.
  drawTable(context as unknown as CanvasRenderingContext2D, pixels, MOMENT_SECONDS);
  const planes = new Float32Array(3 * pixels ** 2);
  toPlanes(context.getImageData(0, 0, pixels, pixels).data, planes);
  return planes;
}

export interface Video {
  readonly stream: MediaStream;
  stop(): void;
}

/** The scene as a camera would give it: moving, or the one moment again and again. */
export function sceneVideo(moving: boolean): Video {
  const canvas = document.createElement('canvas');
  canvas.width = VIDEO_WIDTH;
  canvas.height = VIDEO_HEIGHT;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser gives no 2-D canvas.');
  let seconds = MOMENT_SECONDS;
  const draw = () => {
    if (moving) seconds += 1 / FRAMES_A_SECOND;
    context.save();
    context.translate((VIDEO_WIDTH - VIDEO_HEIGHT) / 2, 0);
    drawTable(context, VIDEO_HEIGHT, seconds);
    context.restore();
  };
  draw();
  const stream = canvas.captureStream(FRAMES_A_SECOND);
  // A canvas that is not drawn to gives no frames to those who come late.
  const timer = setInterval(draw, 1000 / FRAMES_A_SECOND);
  return { stream, stop: () => end(stream, timer) };
}

function end(stream: MediaStream, timer?: number | ReturnType<typeof setInterval>): void {
  clearInterval(timer);
  for (const track of stream.getTracks()) track.stop();
}

/** The visitor's camera, of the scene's size where it has that. */
export async function cameraVideo(): Promise<Video> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: VIDEO_WIDTH, height: VIDEO_HEIGHT, frameRate: FRAMES_A_SECOND },
  });
  return { stream, stop: () => end(stream) };
}
