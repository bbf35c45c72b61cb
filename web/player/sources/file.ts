/** Pictures and videos that the visitor opens or drops. They never leave the browser. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { IS_POINTER, isLfsPointer, POINTER_START_BYTES } from '../../shared/lfs-pointer.ts';
import { makeMutedVideo, playVideo, requestVideoFrame, type Source } from './source.ts';

export type FileKind = 'look' | 'picture' | 'video' | 'unknown';

const PICTURE_NAME = /\.(png|jpe?g|webp|gif|avif|bmp|svg)$/i;
const VIDEO_NAME = /\.(mp4|m4v|webm|mov|mkv|ogv)$/i;

/** The kind of a file, by its media type or, where the system knows none, by its name. */
export function detectFileKind(file: { name: string; type: string }): FileKind {
  if (/\.onnx$/i.test(file.name)) return 'look';
  if (file.type.startsWith('image/') || PICTURE_NAME.test(file.name)) return 'picture';
  if (file.type.startsWith('video/') || VIDEO_NAME.test(file.name)) return 'video';
  return 'unknown';
}

/** The error for a file that is no picture or video to the browser. */
async function fileError(file: File, message: string): Promise<Error> {
  const start = file.slice(0, POINTER_START_BYTES).arrayBuffer();
  const bytes = new Uint8Array(await start.catch(() => new ArrayBuffer())); // the file may be gone
  return new Error(isLfsPointer(bytes) ? `${file.name} ${IS_POINTER}` : message);
}

/** The shorter side of a picture, and of one that has no size of its own. */
const MAX_SIDE = 1024;
/** No look is longer than this, as a multiple of its shorter side. */
const MAX_RATIO = 4;

export async function openPicture(file: File): Promise<Source> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = toCanvas(image);
    return {
      kind: 'picture',
      frame: canvas,
      isMirrored: false,
      isStill: true,
      play: () => undefined,
      pause: () => undefined,
      step: async () => undefined,
      requestFrame: callback => {
        const id = requestAnimationFrame(() => callback());
        return () => cancelAnimationFrame(id);
      },
      stop: () => undefined,
    };
  } catch {
    throw await fileError(file, `${file.name} could not be read as a picture. Try a PNG, JPEG or WebP file.`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The picture, no larger than a look needs it. Of a very long one it is the middle. */
function toCanvas(image: HTMLImageElement): HTMLCanvasElement {
  const width = image.naturalWidth || MAX_SIDE;
  const height = image.naturalHeight || MAX_SIDE;
  const ratio = Math.min(Math.max(width / height, 1 / MAX_RATIO), MAX_RATIO);
  const crop = centerCrop(width, height, ratio);
  const [, , wide, tall] = crop;
  const scale = Math.min(1, MAX_SIDE / Math.min(wide, tall));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(wide * scale));
  canvas.height = Math.max(1, Math.round(tall * scale));
  const context = getContext2d(canvas);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, ...crop, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const FRAME_SECONDS = 1 / 25;

export async function openVideo(file: File): Promise<Source> {
  const url = URL.createObjectURL(file);
  const video = makeMutedVideo();
  video.loop = true;
  video.src = url;
  const close = () => {
    video.pause();
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  };
  try {
    await video.play();
  } catch {
    close();
    throw await fileError(file, `This browser cannot play ${file.name}. Try an MP4 (H.264) or WebM file.`);
  }
  if (video.videoWidth === 0) {
    close();
    throw new Error(`${file.name} has no pictures that this browser can show, only sound.`);
  }
  return {
    kind: 'video',
    frame: video,
    isMirrored: false,
    isStill: false,
    play: () => playVideo(video),
    pause: () => video.pause(),
    step: () => stepFrame(video),
    requestFrame: callback => requestVideoFrame(video, callback),
    stop: close,
  };
}

/** Seeks one frame ahead; at the end, back to the start. */
function stepFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise(resolve => {
    video.addEventListener('seeked', () => resolve(), { once: true });
    const next = video.currentTime + FRAME_SECONDS;
    video.currentTime = next < video.duration ? next : 0;
  });
}
