// Upload paths of video frames on WebGL2: each is verified with a test frame, and one that shows it wrongly is
// dropped.

import { afterEach, expect, test } from 'vitest';
import { createPainter, type Painter, readLook } from '../../engine/index.ts';
import { probeUploadPaths } from '../../engine/webgl2/runtime/upload-probe.ts';
import { tinyLook } from '../tiny.ts';

const look = await readLook(tinyLook());
const GL = WebGL2RenderingContext;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
});

function context(): WebGL2RenderingContext {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) throw new Error('no WebGL2');
  undo.push(() => gl.getExtension('WEBGL_lose_context')?.loseContext());
  return gl;
}

type Source = VideoFrame | ImageBitmap | OffscreenCanvas | HTMLCanvasElement;

/** Until the test is over, `texImage2D` gets what `make` makes of its picture. */
function replaceUploads(make: (source: Source) => TexImageSource): void {
  const { texImage2D } = GL.prototype;
  GL.prototype.texImage2D = function (this: WebGL2RenderingContext, ...given: unknown[]) {
    const last = given.length - 1;
    given[last] = make(given[last] as Source);
    Reflect.apply(texImage2D, this, given);
  };
  undo.push(() => {
    GL.prototype.texImage2D = texImage2D;
  });
}

/** Notes bitmaps from now on; waits for those that were begun. */
function bitmaps(): () => Promise<unknown> {
  const original = globalThis.createImageBitmap;
  const begun: Promise<ImageBitmap>[] = [];
  globalThis.createImageBitmap = (...given: unknown[]) => {
    const made: Promise<ImageBitmap> = Reflect.apply(original, globalThis, given);
    begun.push(made);
    return made;
  };
  undo.push(() => {
    globalThis.createImageBitmap = original;
  });
  return () => Promise.allSettled(begun);
}

function failBitmaps(): void {
  const original = globalThis.createImageBitmap;
  globalThis.createImageBitmap = () => Promise.reject(new DOMException('no', 'OperationError'));
  undo.push(() => {
    globalThis.createImageBitmap = original;
  });
}

function drawn(
  source: Source,
  prepare: (context: OffscreenCanvasRenderingContext2D) => void,
): OffscreenCanvas {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  prepare(context);
  context.drawImage(source, 0, 0);
  return canvas;
}

const isFrame = (source: unknown): source is VideoFrame => source instanceof VideoFrame;
const flipped = (source: Source) => drawn(source, context => context.setTransform(1, 0, 0, -1, 0, 64));
const black = (source: Source) =>
  drawn(source, context => {
    context.filter = 'brightness(0)';
  });

/** How texImage2D may lie about video frames. */
const LIES = { flipped, black } as const;

test('here all upload paths work, and they are tried once per context', async () => {
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

for (const [name, lie] of Object.entries(LIES)) {
  test(`video frames that come ${name} are left out, and bitmaps that fail`, async () => {
    replaceUploads(source => (isFrame(source) ? lie(source) : source));
    expect([...(await probeUploadPaths(context()))]).toEqual(['bitmap', 'canvas']);
    failBitmaps();
    expect([...(await probeUploadPaths(context()))]).toEqual(['canvas']);
  });
}

test('where no way is true nothing is known, and where no frame can be made', async () => {
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

/** A frame, red above and blue below, as it is painted. */
function painted(painter: Painter, canvas: OffscreenCanvas): { above: number[]; below: number[] } {
  const source = new OffscreenCanvas(64, 64);
  const context = source.getContext('2d');
  for (const [colour, top] of [
    ['red', 0],
    ['blue', 32],
  ] as const) {
    if (context) context.fillStyle = colour;
    context?.fillRect(0, top, 64, 32);
  }
  const frame = new VideoFrame(source, { timestamp: 0 });
  painter.paint(frame);
  frame.close();
  const copy = new OffscreenCanvas(64, 64).getContext('2d');
  copy?.drawImage(canvas, 0, 0);
  const at = (y: number): number[] => Array.from(copy?.getImageData(32, y, 1, 1).data ?? []).slice(0, 3);
  return { above: at(8), below: at(56) };
}

const KINDS = [
  ['VideoFrame', isFrame, () => undefined],
  ['ImageBitmap', (source: unknown) => source instanceof ImageBitmap, () => undefined],
  ['a 2-D canvas', (source: unknown) => source instanceof HTMLCanvasElement, failBitmaps],
] as const;

for (const [name, lie] of Object.entries(LIES)) {
  test.each(KINDS)(
    `a video comes upright by way of %s where frames come ${name} else`,
    async (way, isKind, spoil) => {
      spoil();
      const made = bitmaps();
      const uploaded: Source[] = [];
      const honest = way === 'VideoFrame';
      replaceUploads(source => {
        uploaded.push(source);
        return isFrame(source) && !honest ? lie(source) : source;
      });
      const canvas = new OffscreenCanvas(1, 1);
      const painter = await createPainter(look, { backend: 'webgl2', canvas, upkeep: false });
      painted(painter, canvas);
      const gl = canvas.getContext('webgl2');
      if (!gl) throw new Error('no WebGL2');
      await probeUploadPaths(gl);
      // The first bitmap is made while a frame goes by.
      painted(painter, canvas);
      await made();
      uploaded.length = 0;
      const { above, below } = painted(painter, canvas);
      const [redAbove = 0, , blueAbove = 0] = above;
      const [redBelow = 0, , blueBelow = 0] = below;
      expect(redAbove - blueAbove, `${above} over ${below}`).toBeGreaterThan(128);
      expect(blueBelow - redBelow, `${above} over ${below}`).toBeGreaterThan(128);
      expect(uploaded.map(source => isKind(source))).toEqual([true]);
      painter.destroy();
    },
  );
}
