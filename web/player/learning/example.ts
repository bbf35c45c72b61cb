/** Pictures to learn from, and the parts of them that a training step gets. No canvas here: only numbers. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is shown, and what shall be painted: RGBA bytes of one size. For a photo both are the same. */
export interface Example extends Size {
  readonly shown: Uint8ClampedArray;
  readonly painted: Uint8ClampedArray;
}

/** A part of an example, in its pixels. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
  readonly isMirrored: boolean;
}

/** As `limner look` does: each time that a picture is used, it is enlarged by up to this. */
export const MAX_ZOOM = 1.3;
/** Differences of a channel, of 255, that count as painted. JPEG and scaling make smaller ones. */
const MIN_CHANGE = 10;

/** A random part that has this ratio of width to height, of at least 1 / MAX_ZOOM of what would fit. */
export function randomWindow(
  random: () => number,
  { width, height }: Size,
  ratio: number,
  mayMirror: boolean,
): Window {
  const zoom = 1 + (MAX_ZOOM - 1) * random();
  const wide = Math.min(width, height * ratio) / zoom;
  const tall = wide / ratio;
  return {
    left: (width - wide) * random(),
    top: (height - tall) * random(),
    width: wide,
    height: tall,
    isMirrored: mayMirror && random() < 0.5,
  };
}

/** A random square of whole pixels. Every second one has a painted pixel, so that a few strokes are not missed. */
export function randomPatch(random: () => number, size: Size, side: number, painted: Uint32Array): Window {
  const isCentred = random() < 0.5 && painted.length > 0;
  const place = painted[Math.floor(random() * painted.length)] ?? 0;
  const at = (length: number, centre: number) => {
    const most = Math.max(0, length - side);
    const wanted = isCentred ? centre - Math.floor(random() * side) : Math.floor(random() * (most + 1));
    return Math.min(Math.max(0, wanted), most);
  };
  const left = at(size.width, place % size.width);
  const top = at(size.height, Math.floor(place / size.width));
  return { left, top, width: side, height: side, isMirrored: false };
}

/** The pixels of an example that were painted over, as indices. */
export function paintedPixels({ shown, painted }: Example): Uint32Array {
  const found: number[] = [];
  for (let at = 0; at < shown.length; at += 4) {
    const isChanged = [0, 1, 2].some(
      i => Math.abs((shown[at + i] ?? 0) - (painted[at + i] ?? 0)) >= MIN_CHANGE,
    );
    if (isChanged) found.push(at / 4);
  }
  return Uint32Array.from(found);
}

/** Writes a window as planes (3, height, width) of 0..1, from `start` on. Other sizes are interpolated linearly. */
export function cutWindow(
  rgba: Uint8ClampedArray,
  { width, height }: Size,
  window: Window,
  out: Size,
  planes: Float32Array,
  start: number,
): void {
  const columns = places(out.width, window.left, window.width, width);
  const rows = places(out.height, window.top, window.height, height);
  if (window.isMirrored) columns.reverse();
  const area = out.width * out.height;
  let at = start;
  for (const [upper, lower, down] of rows) {
    for (const [first, second, across] of columns) {
      for (let i = 0; i < 3; i++) {
        const value = (y: number, x: number) => rgba[(y * width + x) * 4 + i] ?? 0;
        const above = value(upper, first) * (1 - across) + value(upper, second) * across;
        const below = value(lower, first) * (1 - across) + value(lower, second) * across;
        planes[at + i * area] = (above * (1 - down) + below * down) / 255;
      }
      at++;
    }
  }
}

/** For each pixel of the result: the two pixels around its centre, and the second one's share. */
function places(count: number, begin: number, length: number, limit: number): [number, number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const centre = begin + ((i + 0.5) * length) / count - 0.5;
    const exact = Math.min(Math.max(0, centre), limit - 1);
    const first = Math.floor(exact);
    return [first, Math.min(first + 1, limit - 1), exact - first];
  });
}
