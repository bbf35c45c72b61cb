/** Pictures and videos that the visitor opens or drops. They are read here and go nowhere. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { nextVideoFrame, playVideo, quietVideo, type Source, SourceError } from './source.ts';

export type FileKind = 'look' | 'picture' | 'video' | 'unknown';

const PICTURES = /\.(png|jpe?g|webp|gif|avif|bmp|svg)$/i;
const VIDEOS = /\.(mp4|m4v|webm|mov|mkv|ogv)$/i;

/** What a file is, by its type and, where the system knows none, by its name. */
export function kindOf(file: { name: string; type: string }): FileKind {
  if (/\.onnx$/i.test(file.name)) return 'look';
  if (file.type.startsWith('image/') || PICTURES.test(file.name)) return 'picture';
  if (file.type.startsWith('video/') || VIDEOS.test(file.name)) return 'video';
  return 'unknown';
}

const LARGEST_SIDE = 1024;

export async function openPicture(file: File): Promise<Source> {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = onCanvas(image);
    return {
      kind: 'picture',
      frame: canvas,
      mirrored: false,
      still: true,
      play: () => undefined,
      pause: () => undefined,
      step: async () => undefined,
      next: callback => {
        const id = requestAnimationFrame(() => callback());
        return () => cancelAnimationFrame(id);
      },
      stop: () => undefined,
    };
  } catch {
    throw new SourceError(`${file.name} could not be read as a picture. Try a PNG, JPEG or WebP file.`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The middle square of a picture, which is what a look paints. */
function onCanvas(image: HTMLImageElement): HTMLCanvasElement {
  const width = image.naturalWidth || LARGEST_SIDE;
  const height = image.naturalHeight || LARGEST_SIDE;
  const side = Math.min(width, height, LARGEST_SIDE);
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const context = getContext2d(canvas);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, ...centerCrop(width, height), 0, 0, side, side);
  return canvas;
}

const ONE_FRAME = 1 / 25;

export async function openVideo(file: File): Promise<Source> {
  const address = URL.createObjectURL(file);
  const video = quietVideo();
  video.loop = true;
  video.src = address;
  const close = () => {
    video.pause();
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(address);
  };
  try {
    await video.play();
  } catch {
    close();
    throw new SourceError(`This browser cannot play ${file.name}. Try an MP4 (H.264) or WebM file.`);
  }
  if (video.videoWidth === 0) {
    close();
    throw new SourceError(`${file.name} has no pictures that this browser can show, only sound.`);
  }
  return {
    kind: 'video',
    frame: video,
    mirrored: false,
    still: false,
    play: () => playVideo(video),
    pause: () => video.pause(),
    step: () => seek(video),
    next: callback => nextVideoFrame(video, callback),
    stop: close,
  };
}

/** One frame on; from the end, back to the start. */
function seek(video: HTMLVideoElement): Promise<void> {
  return new Promise(resolve => {
    video.addEventListener('seeked', () => resolve(), { once: true });
    const next = video.currentTime + ONE_FRAME;
    video.currentTime = next < video.duration ? next : 0;
  });
}
