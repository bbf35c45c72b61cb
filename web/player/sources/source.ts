/**
 * A source of frames to paint: the camera, a video, a picture or the built-in scene. They share one interface
 * and differ in how they announce the next frame.
 */

export type Frame = HTMLVideoElement | HTMLCanvasElement;
export type SourceKind = 'camera' | 'video' | 'picture' | 'scene';

export interface Source {
  readonly kind: SourceKind;
  /** The element with the current frame. It is shown until the first painting. */
  readonly frame: Frame;
  /** Whether it is mirrored by default, as a camera that faces the visitor is. */
  readonly isMirrored: boolean;
  /** Whether it never changes, so that one painting is enough. */
  readonly isStill: boolean;
  play(): Promise<void> | void;
  pause(): void;
  /** Moves one frame ahead while paused; resolves when the frame is in `frame`. */
  step(): Promise<void>;
  /** Calls back once, when the next frame is in `frame`. Returns a function that cancels the request. */
  requestFrame(callback: () => void): () => void;
  /** Releases the camera, the file and everything else. */
  stop(): void;
}

/** Calls back at a video's next frame, or at the next animation frame where browsers do not announce it. */
export function requestVideoFrame(video: HTMLVideoElement, callback: () => void): () => void {
  if ('requestVideoFrameCallback' in video) {
    const id = video.requestVideoFrameCallback(() => callback());
    return () => video.cancelVideoFrameCallback(id);
  }
  const id = requestAnimationFrame(() => callback());
  return () => cancelAnimationFrame(id);
}

/** Plays a video. A pause before the first frame is no error. */
export async function playVideo(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
}

/** A video element that phones play inside the page and without a tap. */
export function makeMutedVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.disablePictureInPicture = true;
  return video;
}
