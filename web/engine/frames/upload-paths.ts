// Verifies the upload paths, by which video frames come to the GPU. Some browsers rotate frames by ninety degrees,
// swap colours or give black frames, and report no error. So a test frame, with a colour in each quarter, is sent
// over each path and read back. This happens once per device, beside the first frames, so that they need not wait.

import type { Canvas } from '../painter.ts';
import { makeCanvas } from './canvas.ts';

/** Best first: the browser's own frame, a copy of it on the GPU, a bitmap, a drawing on a 2-D canvas. */
export const UPLOAD_PATHS = ['external', 'copy', 'bitmap', 'canvas'] as const;
export type UploadPath = (typeof UPLOAD_PATHS)[number];

/** Pixels of the test frame's side. */
export const TEST_FRAME_SIDE = 64;
/** Red, green, blue and white, as Y, Cb and Cr of BT.709 in limited range. */
const QUARTERS = [
  { yuv: [63, 102, 240], rgb: [1, 0, 0] },
  { yuv: [173, 42, 26], rgb: [0, 1, 0] },
  { yuv: [32, 240, 118], rgb: [0, 0, 1] },
  { yuv: [235, 128, 128], rgb: [1, 1, 1] },
] as const;
/** The pixel in the middle of each quarter. */
export const QUARTER_CENTERS = [0, 1, 2, 3].map(
  i =>
    [
      TEST_FRAME_SIDE / 4 + (i % 2) * (TEST_FRAME_SIDE / 2),
      TEST_FRAME_SIDE / 4 + (i >> 1) * (TEST_FRAME_SIDE / 2),
    ] as const,
);
/** Browsers differ by a tenth in their colours. The colour of another quarter differs by one. */
const TOLERANCE = 0.4;

/** Sends a picture over one path. Resolves to the pixels in the middle of its quarters, four numbers each. */
export type SendFrame = (
  path: UploadPath,
  picture: VideoFrame | ImageBitmap | Canvas,
) => Promise<ArrayLike<number>>;

const verified = new WeakMap<object, Promise<ReadonlySet<UploadPath>>>();

/** The paths that show a frame as it is. If no path can be tested or none works, all of them: then nothing is
 * known. */
export function verifyUploadPaths(
  device: object,
  paths: readonly UploadPath[],
  send: SendFrame,
): Promise<ReadonlySet<UploadPath>> {
  const found = verified.get(device) ?? testAll(paths, send).catch(() => new Set(paths));
  verified.set(device, found);
  return found;
}

async function testAll(paths: readonly UploadPath[], send: SendFrame): Promise<ReadonlySet<UploadPath>> {
  const frame = makeTestFrame();
  try {
    const working = new Set<UploadPath>();
    // One after the other: WebGPU's error scopes are a stack.
    for (const path of paths) {
      if (await showsFrame(path, frame, send).catch(() => false)) working.add(path);
    }
    return working.size > 0 ? working : new Set(paths);
  } finally {
    frame.close();
  }
}

function makeTestFrame(): VideoFrame {
  const bytes = new Uint8Array(TEST_FRAME_SIDE * TEST_FRAME_SIDE * 1.5);
  let at = 0;
  for (const [plane, side] of [TEST_FRAME_SIDE, TEST_FRAME_SIDE / 2, TEST_FRAME_SIDE / 2].entries()) {
    for (let i = 0; i < side * side; i++) {
      const quarter = QUARTERS[(i % side < side / 2 ? 0 : 1) + (i < (side * side) / 2 ? 0 : 2)];
      bytes[at++] = quarter?.yuv[plane] ?? 0;
    }
  }
  return new VideoFrame(bytes, {
    format: 'I420',
    codedWidth: TEST_FRAME_SIDE,
    codedHeight: TEST_FRAME_SIDE,
    timestamp: 0,
    colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
  });
}

/** Whether every quarter has its colour. */
async function showsFrame(path: UploadPath, frame: VideoFrame, send: SendFrame): Promise<boolean> {
  const picture =
    path === 'bitmap' ? await createImageBitmap(frame) : path === 'canvas' ? drawOnCanvas(frame) : frame;
  const found = await send(path, picture);
  return QUARTERS.every(({ rgb }, i) =>
    rgb.every((value, channel) => Math.abs((found[4 * i + channel] ?? 9) - value) < TOLERANCE),
  );
}

function drawOnCanvas(frame: VideoFrame): Canvas {
  const canvas = makeCanvas(TEST_FRAME_SIDE, TEST_FRAME_SIDE);
  drawOver(canvas, frame);
  return canvas;
}

/** Draws a picture over a whole canvas. */
export function drawOver(canvas: Canvas, source: CanvasImageSource): void {
  const context = canvas.getContext('2d');
  if (!context || !('drawImage' in context)) throw new Error('there is no 2-D canvas to read it through');
  // A transparent picture must not show the one before it.
  context.globalCompositeOperation = 'copy';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
}
