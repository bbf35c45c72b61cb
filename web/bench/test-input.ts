// What is painted: the page's built-in scene, as planes for the networks and as a video for the cameras.

import { getContext2d } from '../shared/canvas.ts';
import { toPlanes } from '../shared/planes.ts';
import { drawTable } from '../shared/still-life.ts';

/** The moment of the scene that outputs are compared on. */
const MOMENT_SECONDS = 6;
const VIDEO_WIDTH = 640;
const VIDEO_HEIGHT = 480;
const FRAMES_A_SECOND = 30;
/** Of the moving scene, which then begins again. */
const FRAMES = 30;

/** The scene as planes (3, P, P) of 0..1. */
export function testPicture(pixels: number): Float32Array<ArrayBuffer> {
  const context = getContext2d(new OffscreenCanvas(pixels, pixels));
  // The scene knows only what both kinds of canvas have.
  drawTable(context as unknown as CanvasRenderingContext2D, pixels, MOMENT_SECONDS);
  const planes = new Float32Array(3 * pixels ** 2);
  toPlanes(context.getImageData(0, 0, pixels, pixels).data, planes);
  return planes;
}

export interface Video {
  readonly stream: MediaStream;
  /** Frames come or cease to: drawing them costs time, which nothing else is to be timed with. */
  play(on: boolean): void;
  stop(): void;
}

/** The scene as a camera would give it: moving, or the one moment again and again. */
export function sceneVideo(moving: boolean): Video {
  const canvas = document.createElement('canvas');
  canvas.width = VIDEO_WIDTH;
  canvas.height = VIDEO_HEIGHT;
  const context = getContext2d(canvas, { willReadFrequently: true });
  context.translate((VIDEO_WIDTH - VIDEO_HEIGHT) / 2, 0);
  // Drawn once: a tick only copies.
  const frames = Array.from({ length: moving ? FRAMES : 1 }, (_, i) => {
    drawTable(context, VIDEO_HEIGHT, MOMENT_SECONDS + i / FRAMES_A_SECOND);
    return context.getImageData(0, 0, VIDEO_WIDTH, VIDEO_HEIGHT);
  });
  let count = 0;
  const tick = () => {
    const frame = frames[count++ % frames.length];
    if (frame) context.putImageData(frame, 0, 0);
  };
  const stream = canvas.captureStream();
  let timer: ReturnType<typeof setInterval> | undefined;
  const play = (on: boolean) => {
    clearInterval(timer);
    timer = on ? setInterval(tick, 1000 / FRAMES_A_SECOND) : undefined;
  };
  play(true);
  return {
    stream,
    play,
    stop: () => {
      play(false);
      end(stream);
    },
  };
}

/** The visitor's camera, of the scene's size where it has that. */
export async function cameraVideo(): Promise<Video> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: VIDEO_WIDTH, height: VIDEO_HEIGHT, frameRate: FRAMES_A_SECOND },
  });
  return { stream, play: () => undefined, stop: () => end(stream) };
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
