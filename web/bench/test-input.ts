// What is painted: the page's built-in scene, as planes for the networks and as a video for the cameras.

import { getContext2d } from '../shared/canvas.ts';
import { rgbaToPlanes } from '../shared/planes.ts';
import { drawStillLife } from '../shared/still-life.ts';

/** The moment of the scene that outputs are compared on. */
const SCENE_SECONDS = 6;
const VIDEO_WIDTH = 640;
const VIDEO_HEIGHT = 480;
const FRAMES_PER_SECOND = 30;
/** Of the moving scene, which then begins again. */
const SCENE_FRAMES = 30;

/** The scene as planes (3, P, P) of 0..1. */
export function makeTestImage(pixels: number): Float32Array<ArrayBuffer> {
  const context = getContext2d(new OffscreenCanvas(pixels, pixels));
  // The scene knows only what both kinds of canvas have.
  drawStillLife(context as unknown as CanvasRenderingContext2D, pixels, SCENE_SECONDS);
  const planes = new Float32Array(3 * pixels ** 2);
  rgbaToPlanes(context.getImageData(0, 0, pixels, pixels).data, planes);
  return planes;
}

export interface VideoFeed {
  readonly stream: MediaStream;
  /** Frames come or cease to: drawing them costs time, which nothing else is to be timed with. */
  setPlaying(isPlaying: boolean): void;
  stop(): void;
}

/** The scene as a camera would give it: moving, or the one moment again and again. */
export function makeSceneVideo(isMoving: boolean): VideoFeed {
  const canvas = document.createElement('canvas');
  canvas.width = VIDEO_WIDTH;
  canvas.height = VIDEO_HEIGHT;
  const context = getContext2d(canvas, { willReadFrequently: true });
  context.translate((VIDEO_WIDTH - VIDEO_HEIGHT) / 2, 0);
  // Drawn once: a tick only copies.
  const frames = Array.from({ length: isMoving ? SCENE_FRAMES : 1 }, (_, i) => {
    drawStillLife(context, VIDEO_HEIGHT, SCENE_SECONDS + i / FRAMES_PER_SECOND);
    return context.getImageData(0, 0, VIDEO_WIDTH, VIDEO_HEIGHT);
  });
  let frameCount = 0;
  const showNextFrame = () => {
    const frame = frames[frameCount++ % frames.length];
    if (frame) context.putImageData(frame, 0, 0);
  };
  const stream = canvas.captureStream();
  let timer: ReturnType<typeof setInterval> | undefined;
  const setPlaying = (isPlaying: boolean) => {
    clearInterval(timer);
    timer = isPlaying ? setInterval(showNextFrame, 1000 / FRAMES_PER_SECOND) : undefined;
  };
  setPlaying(true);
  return {
    stream,
    setPlaying,
    stop: () => {
      setPlaying(false);
      stopTracks(stream);
    },
  };
}

/** The visitor's camera, of the scene's size where it has that. */
export async function openCameraVideo(): Promise<VideoFeed> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: VIDEO_WIDTH, height: VIDEO_HEIGHT, frameRate: FRAMES_PER_SECOND },
  });
  return { stream, setPlaying: () => undefined, stop: () => stopTracks(stream) };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
