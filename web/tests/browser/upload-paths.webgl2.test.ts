// Upload paths of video frames on WebGL2: each is verified with a test frame, and a path that gives wrong pixels is
// not used.

import { afterEach, expect, test } from 'vitest';
import { createPainter, readLook } from '../../engine/index.ts';
import { probeUploadPaths } from '../../engine/webgl2/runtime/upload-probe.ts';
import { tinyLook } from '../tiny.ts';
import {
  drawn,
  expectUpright,
  failBitmaps,
  paintFrame,
  replaceMethod,
  trackBitmaps,
  type UndoList,
} from '../upload-paths.ts';

const look = await readLook(tinyLook());
const GL = WebGL2RenderingContext;

const undo: UndoList = [];
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
});

function context(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) throw new Error('no WebGL2');
  undo.push(() => gl.getExtension('WEBGL_lose_context')?.loseContext());
  return gl;
}

type Source = VideoFrame | ImageBitmap | OffscreenCanvas | HTMLCanvasElement;

/** Replaces the source of every `texImage2D` until the end of the test. */
const replaceUploads = (replacement: (source: Source) => TexImageSource): void =>
  replaceMethod(undo, GL.prototype, 'texImage2D', (original, args) => {
    const last = args.length - 1;
    args[last] = replacement(args[last] as Source);
    return original();
  });

const isFrame = (source: unknown): source is VideoFrame => source instanceof VideoFrame;
const flipped = (source: Source) => drawn(source, context => context.setTransform(1, 0, 0, -1, 0, 64));
const black = (source: Source) =>
  drawn(source, context => {
    context.filter = 'brightness(0)';
  });

/** Ways in which texImage2D gives wrong pixels of video frames. */
const FAULTS = { flipped, black } as const;

test('all upload paths pass in this browser, and are probed once per context', async () => {
  const gl = context();
  expect([...(await probeUploadPaths(gl))]).toEqual(['copy', 'bitmap', 'canvas']);
  let uploads = 0;
  replaceUploads(source => {
    uploads += 1;
    return source;
  });
  await probeUploadPaths(gl);
  expect(uploads).toBe(0);
  expect(gl.getError()).toBe(gl.NO_ERROR);
});

for (const [name, corrupt] of Object.entries(FAULTS)) {
  test(`the copy path fails the probe if video frames are ${name}, and the bitmap path if bitmaps fail`, async () => {
    replaceUploads(source => (isFrame(source) ? corrupt(source) : source));
    expect([...(await probeUploadPaths(context()))]).toEqual(['bitmap', 'canvas']);
    failBitmaps(undo);
    expect([...(await probeUploadPaths(context()))]).toEqual(['canvas']);
  });
}

test('if no path passes or no test frame can be made, all paths stay in use', async () => {
  replaceUploads(black);
  expect([...(await probeUploadPaths(context()))]).toEqual(['copy', 'bitmap', 'canvas']);
  const original = globalThis.VideoFrame;
  Reflect.set(globalThis, 'VideoFrame', undefined);
  try {
    expect([...(await probeUploadPaths(context()))]).toEqual(['copy', 'bitmap', 'canvas']);
  } finally {
    Reflect.set(globalThis, 'VideoFrame', original);
  }
});

const KINDS = [
  ['VideoFrame', isFrame, () => undefined],
  ['ImageBitmap', (source: unknown) => source instanceof ImageBitmap, () => undefined],
  ['a 2-D canvas', (source: unknown) => source instanceof HTMLCanvasElement, () => failBitmaps(undo)],
] as const;

for (const [name, corrupt] of Object.entries(FAULTS)) {
  test.each(KINDS)(
    `a video frame is upright by way of %s if texImage2D makes frames ${name}`,
    async (kind, isKind, breakPaths) => {
      breakPaths();
      const bitmapsSettled = trackBitmaps(undo);
      const uploaded: Source[] = [];
      const framesWork = kind === 'VideoFrame';
      replaceUploads(source => {
        uploaded.push(source);
        return isFrame(source) && !framesWork ? corrupt(source) : source;
      });
      const canvas = new OffscreenCanvas(1, 1);
      const painter = await createPainter(look, { backend: 'webgl2', canvas, upkeep: false });
      paintFrame(painter);
      const gl = canvas.getContext('webgl2');
      if (!gl) throw new Error('no WebGL2');
      await probeUploadPaths(gl);
      // The first bitmap is ready only after this frame.
      paintFrame(painter);
      await bitmapsSettled();
      uploaded.length = 0;
      paintFrame(painter);
      expectUpright(canvas);
      expect(uploaded.map(source => isKind(source))).toEqual([true]);
      painter.destroy();
    },
  );
}
