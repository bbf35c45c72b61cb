// Upload paths of video frames: each is verified with a test frame, and one that shows it wrongly is dropped.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { UPLOAD_PATHS } from '../../engine/frames/upload-paths.ts';
import { createPainter, type Painter, readLook } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { probeUploadPaths } from '../../engine/webgpu/runtime/upload-probe.ts';
import { tinyLook } from '../tiny.ts';

const look = await readLook(tinyLook());

let device: GPUDevice;
const undo: (() => void)[] = [];
beforeEach(async () => {
  device = await requestDevice();
});
afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
  device.destroy();
});

/** Until the test is over, `method` of `owner` is `replaced`, which is given the original. */
function replace(
  owner: object,
  method: string,
  replaced: (original: () => unknown, args: unknown[]) => unknown,
) {
  const original: unknown = Reflect.get(owner, method);
  if (typeof original !== 'function') throw new Error(`${method} is no function.`);
  Reflect.set(owner, method, function (this: object, ...args: unknown[]) {
    return replaced(() => Reflect.apply(original, this, args), args);
  });
  undo.push(() => Reflect.set(owner, method, original));
}

/** A square that is turned by ninety degrees. */
function turned(source: VideoFrame | OffscreenCanvas): OffscreenCanvas {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.setTransform(0, 1, -1, 0, 64, 0);
  context.drawImage(source, 0, 0);
  return canvas;
}

const turnExternal = () =>
  replace(GPUDevice.prototype, 'importExternalTexture', (original, args) => {
    const [descriptor] = args as [{ source: VideoFrame }];
    args[0] = { source: new VideoFrame(turned(descriptor.source), { timestamp: 0 }) };
    return original();
  });
const turnCopies = (of: (source: unknown) => boolean) =>
  replace(GPUQueue.prototype, 'copyExternalImageToTexture', (original, args) => {
    const [{ source }] = args as [{ source: VideoFrame }];
    if (of(source)) args[0] = { source: turned(source) };
    return original();
  });
const isFrame = (source: unknown) => source instanceof VideoFrame;

test('here all upload paths work', async () => {
  expect([...(await probeUploadPaths(device))]).toEqual([...UPLOAD_PATHS]);
  const made = { pipelines: 0 };
  replace(GPUDevice.prototype, 'createComputePipelineAsync', original => {
    made.pipelines += 1;
    return original();
  });
  await probeUploadPaths(device);
  expect(made.pipelines).toBe(0);
});

test('an external texture that is turned is left out, a copy that is turned too', async () => {
  turnExternal();
  expect([...(await probeUploadPaths(device))]).toEqual(['copy', 'bitmap', 'canvas']);
  const other = await requestDevice();
  turnCopies(isFrame);
  expect([...(await probeUploadPaths(other))]).toEqual(['bitmap', 'canvas']);
  other.destroy();
});

/** A square whose red is blue and whose blue is red. */
function swapped(source: VideoFrame): OffscreenCanvas {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.drawImage(source, 0, 0);
  const image = context.getImageData(0, 0, 64, 64);
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) [data[i], data[i + 2]] = [data[i + 2] ?? 0, data[i] ?? 0];
  context.putImageData(image, 0, 0);
  return canvas;
}

test('a bitmap with swapped colours is left out', async () => {
  replace(globalThis, 'createImageBitmap', (original, args) => {
    args[0] = swapped(args[0] as VideoFrame);
    return original();
  });
  expect([...(await probeUploadPaths(device))]).toEqual(['external', 'copy', 'canvas']);
});

test('a bitmap that fails is left out', async () => {
  replace(globalThis, 'createImageBitmap', () => Promise.reject(new DOMException('no', 'OperationError')));
  expect([...(await probeUploadPaths(device))]).toEqual(['external', 'copy', 'canvas']);
});

test('where no way is true nothing is known, and where no frame can be made', async () => {
  turnExternal();
  turnCopies(() => true);
  expect([...(await probeUploadPaths(device))]).toEqual([...UPLOAD_PATHS]);
  const other = await requestDevice();
  const original = globalThis.VideoFrame;
  Reflect.set(globalThis, 'VideoFrame', undefined);
  try {
    expect([...(await probeUploadPaths(other))]).toEqual([...UPLOAD_PATHS]);
  } finally {
    Reflect.set(globalThis, 'VideoFrame', original);
    other.destroy();
  }
});

/** Red above, blue below. */
function halves(): OffscreenCanvas {
  const source = new OffscreenCanvas(64, 64);
  const context = source.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.fillStyle = 'red';
  context.fillRect(0, 0, 64, 32);
  context.fillStyle = 'blue';
  context.fillRect(0, 32, 64, 32);
  return source;
}

/** Notes bitmaps from now on; waits for those that were begun. */
function bitmaps(): () => Promise<unknown> {
  const begun: Promise<unknown>[] = [];
  replace(globalThis, 'createImageBitmap', original => {
    const made = original() as Promise<ImageBitmap>;
    begun.push(made);
    return made;
  });
  return () => Promise.allSettled(begun);
}

/** A frame of the two halves, as it is painted. */
function painted(painter: Painter, canvas: OffscreenCanvas): { above: number[]; below: number[] } {
  const frame = new VideoFrame(halves(), { timestamp: 0 });
  painter.paint(frame);
  frame.close();
  const copy = new OffscreenCanvas(64, 64).getContext('2d');
  copy?.drawImage(canvas, 0, 0);
  const at = (y: number): number[] => Array.from(copy?.getImageData(32, y, 1, 1).data ?? []).slice(0, 3);
  return { above: at(8), below: at(56) };
}

test.each([
  ['external', (): void => undefined, { external: true, bitmaps: false }],
  ['copy', (): void => turnExternal(), { external: false, bitmaps: false }],
  [
    'bitmap',
    (): void => {
      turnExternal();
      turnCopies(isFrame);
    },
    { external: false, bitmaps: true },
  ],
  [
    'canvas',
    (): void => {
      turnExternal();
      turnCopies(isFrame);
      replace(globalThis, 'createImageBitmap', () =>
        Promise.reject(new DOMException('no', 'OperationError')),
      );
    },
    { external: false, bitmaps: false },
  ],
] as const)('a video comes upright over %s where the paths above fail', async (_, spoil, uses) => {
  spoil();
  const made = bitmaps();
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, { device, canvas });
  painted(painter, canvas);
  await probeUploadPaths(device);
  // The first bitmap is made while a frame goes by.
  painted(painter, canvas);
  await made();
  const used = { external: false, bitmaps: false };
  replace(GPUDevice.prototype, 'importExternalTexture', original => {
    used.external = true;
    return original();
  });
  replace(GPUQueue.prototype, 'copyExternalImageToTexture', (original, args) => {
    const [{ source }] = args as [{ source: unknown }];
    used.bitmaps ||= source instanceof ImageBitmap;
    return original();
  });
  const { above, below } = painted(painter, canvas);
  const [redAbove = 0, , blueAbove = 0] = above;
  const [redBelow = 0, , blueBelow = 0] = below;
  expect(redAbove - blueAbove, `${above} over ${below}`).toBeGreaterThan(128);
  expect(blueBelow - redBelow, `${above} over ${below}`).toBeGreaterThan(128);
  expect(used).toEqual(uses);
  painter.destroy();
});
