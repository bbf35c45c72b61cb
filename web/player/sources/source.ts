/**
 * A subject: something that yields frames to paint. Camera, video, picture and built-in scene look
 * the same from the outside; how each one knows about its next frame differs.
 */

export type Frame = HTMLVideoElement | HTMLCanvasElement;
export type SourceKind = 'camera' | 'video' | 'picture' | 'scene';

export interface Source {
  readonly kind: SourceKind;
  /** Where the current frame is, and what is shown before the first painting. */
  readonly frame: Frame;
  /** Whether it reads better mirrored, as a camera that faces the visitor does. */
  readonly isMirrored: boolean;
  /** Whether it never changes, so that it needs painting only once. */
  readonly isStill: boolean;
  play(): Promise<void> | void;
  pause(): void;
  /** Goes on by one frame while paused; resolves when it is in `frame`. */
  step(): Promise<void>;
  /** Calls back once, with the next frame in place. Returns what cancels it. */
  requestFrame(callback: () => void): () => void;
  /** Releases the camera, the file and everything else. */
  stop(): void;
}

/** A sentence for the visitor; its message is shown as it is. */
export class SourceError extends Error {}

/** The next frame of a video: when the video has a new one, or the display's next turn. */
export function requestVideoFrame(video: HTMLVideoElement, callback: () => void): () => void {
  if ('requestVideoFrameCallback' in video) {
    const id = video.requestVideoFrameCallback(() => callback());
    return () => video.cancelVideoFrameCallback(id);
  }
  const id = requestAnimationFrame(() => callback());
  return () => cancelAnimationFrame(id);
}

/** Plays; a pause or an end that comes before the first frame is no trouble. */
export async function playVideo(video: HTMLVideoElement): Promise<void> {
  try {
    await video.play();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
}

/** A video element that phones play in the page and without a tap. */
export function makeMutedVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.disablePictureInPicture = true;
  return video;
}
