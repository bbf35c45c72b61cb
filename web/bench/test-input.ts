// The input of all rivals: the built-in scene, as planes for the network and as a video for the camera path.

import { getContext2d } from '../shared/canvas.ts';
import { rgbaToPlanes } from '../shared/planes.ts';
import { drawStillLife } from '../shared/still-life.ts';

/** The time in the scene at which outputs are compared. */
const SCENE_SECONDS = 6;
const VIDEO_WIDTH = 640;
const VIDEO_HEIGHT = 480;
const FRAMES_PER_SECOND = 30;
/** Frames of the moving scene, which then repeats. */
const SCENE_FRAMES = 30;

/** The scene as planes (3, P, P) of 0..1. */
export function makeTestImage(pixels: number): Float32Array<ArrayBuffer> {
  const context = getContext2d(new OffscreenCanvas(pixels, pixels));
  // The scene uses only what both kinds of canvas have.
  drawStillLife(context as unknown as CanvasRenderingContext2D, pixels, SCENE_SECONDS);
  const planes = new Float32Array(3 * pixels ** 2);
  rgbaToPlanes(context.getImageData(0, 0, pixels, pixels).data, planes);
  return planes;
}

export interface VideoFeed {
  readonly stream: MediaStream;
  /** Starts or stops the frames: drawing them takes time that must not count for what is timed. */
  setPlaying(isPlaying: boolean): void;
  stop(): void;
}

/** The scene as a camera would deliver it: moving, or the same frame repeated. */
export function makeSceneVideo(isMoving: boolean): VideoFeed {
  const canvas = document.createElement('canvas');
  canvas.width = VIDEO_WIDTH;
  canvas.height = VIDEO_HEIGHT;
  const context = getContext2d(canvas, { willReadFrequently: true });
  context.translate((VIDEO_WIDTH - VIDEO_HEIGHT) / 2, 0);
  // Frames are drawn once, and then only copied.
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

/** The visitor's camera, at the scene's size if it supports that. */
export async function openCameraVideo(): Promise<VideoFeed> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: VIDEO_WIDTH, height: VIDEO_HEIGHT, frameRate: FRAMES_PER_SECOND },
  });
  return { stream, setPlaying: () => undefined, stop: () => stopTracks(stream) };
}

/** Shows the first frame of a video that does not go on. */
export async function showFrame(video: HTMLVideoElement, stream: MediaStream): Promise<void> {
  video.srcObject = stream;
  await video.play();
  while (video.videoWidth === 0) await new Promise(resolve => setTimeout(resolve, 10));
  video.pause();
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
