// Which ways from a video frame to the GPU tell the truth here. Some browsers turn frames by ninety degrees,
// some swap colours, some give black, and no error says so. So a frame that is known, with a colour in each
// quarter, is sent each way and looked at on the other side: once per device, beside the first frames and not
// before them.

import type { Canvas } from '../painter.ts';
import { makeCanvas } from './canvas.ts';

/** Best first: the browser's own frame, a copy of it on the GPU, a bitmap of it, a drawing of it. */
export const WAYS = ['external', 'copy', 'bitmap', 'canvas'] as const;
export type Way = (typeof WAYS)[number];

/** Of the known frame. */
export const SIDE = 64;
/** Red, green, blue and white, as Y, Cb and Cr of BT.709 in limited range. */
const QUARTERS = [
  { yuv: [63, 102, 240], rgb: [1, 0, 0] },
  { yuv: [173, 42, 26], rgb: [0, 1, 0] },
  { yuv: [32, 240, 118], rgb: [0, 0, 1] },
  { yuv: [235, 128, 128], rgb: [1, 1, 1] },
] as const;
/** The pixel in the middle of each quarter. */
export const MIDDLES = [0, 1, 2, 3].map(
  i => [SIDE / 4 + (i % 2) * (SIDE / 2), SIDE / 4 + (i >> 1) * (SIDE / 2)] as const,
);
/** Browsers differ by a tenth in colours; another quarter's colour differs by one. */
const TOLERANCE = 0.4;

/** Sends a picture one way; the middles of its quarters as they arrive, four numbers each. */
export type Send = (way: Way, picture: VideoFrame | ImageBitmap | Canvas) => Promise<ArrayLike<number>>;

const known = new WeakMap<object, Promise<ReadonlySet<Way>>>();

/** The ways that show a frame as it is; all where none can be tried or none holds, since then nothing is known. */
export function trueWaysOf(device: object, ways: readonly Way[], send: Send): Promise<ReadonlySet<Way>> {
  const found = known.get(device) ?? tryAll(ways, send).catch(() => new Set(ways));
  known.set(device, found);
  return found;
}

async function tryAll(ways: readonly Way[], send: Send): Promise<ReadonlySet<Way>> {
  const frame = knownFrame();
  try {
    const held = new Set<Way>();
    // One after the other: WebGPU's error scopes are a stack.
    for (const way of ways) {
      if (await isTrue(way, frame, send).catch(() => false)) held.add(way);
    }
    return held.size > 0 ? held : new Set(ways);
  } finally {
    frame.close();
  }
}

function knownFrame(): VideoFrame {
  const bytes = new Uint8Array(SIDE * SIDE * 1.5);
  let at = 0;
  for (const [plane, side] of [SIDE, SIDE / 2, SIDE / 2].entries()) {
    for (let i = 0; i < side * side; i++) {
      const quarter = QUARTERS[(i % side < side / 2 ? 0 : 1) + (i < (side * side) / 2 ? 0 : 2)];
      bytes[at++] = quarter?.yuv[plane] ?? 0;
    }
  }
  return new VideoFrame(bytes, {
    format: 'I420',
    codedWidth: SIDE,
    codedHeight: SIDE,
    timestamp: 0,
    colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
  });
}

/** Whether all quarters are found with their colours in their places. */
async function isTrue(way: Way, frame: VideoFrame, send: Send): Promise<boolean> {
  const picture =
    way === 'bitmap' ? await createImageBitmap(frame) : way === 'canvas' ? drawing(frame) : frame;
  const found = await send(way, picture);
  return QUARTERS.every(({ rgb }, i) =>
    rgb.every((value, channel) => Math.abs((found[4 * i + channel] ?? 9) - value) < TOLERANCE),
  );
}

function drawing(frame: VideoFrame): Canvas {
  const canvas = makeCanvas(SIDE, SIDE);
  draw(canvas, frame);
  return canvas;
}

/** Draws a picture over all of a canvas. */
export function draw(canvas: Canvas, source: CanvasImageSource): void {
  const context = canvas.getContext('2d');
  if (!context || !('drawImage' in context)) throw new Error('there is no 2-D canvas to read it through');
  // Where the picture is transparent, the one before is not to be seen.
  context.globalCompositeOperation = 'copy';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
}
