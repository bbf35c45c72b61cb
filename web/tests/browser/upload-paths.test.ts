// Upload paths of video frames on WebGPU: each is verified with a test frame, and a path that gives wrong pixels is
// not used.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { UPLOAD_PATHS } from '../../engine/frames/upload-paths.ts';
import { createPainter, readLook } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { probeUploadPaths } from '../../engine/webgpu/runtime/upload-probe.ts';
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

let device: GPUDevice;
const undo: UndoList = [];
beforeEach(async () => {
  device = await requestDevice();
});
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
  device.destroy();
});

/** The picture rotated by ninety degrees. */
const rotated = (source: VideoFrame | OffscreenCanvas): OffscreenCanvas =>
  drawn(source, context => context.setTransform(0, 1, -1, 0, 64, 0));

const rotateExternal = () =>
  replaceMethod(undo, GPUDevice.prototype, 'importExternalTexture', (original, args) => {
    const [descriptor] = args as [{ source: VideoFrame }];
    args[0] = { source: new VideoFrame(rotated(descriptor.source), { timestamp: 0 }) };
    return original();
  });
const rotateCopies = (isRotated: (source: unknown) => boolean) =>
  replaceMethod(undo, GPUQueue.prototype, 'copyExternalImageToTexture', (original, args) => {
    const [{ source }] = args as [{ source: VideoFrame }];
    if (isRotated(source)) args[0] = { source: rotated(source) };
    return original();
  });
const isFrame = (source: unknown) => source instanceof VideoFrame;

test('all upload paths pass in this browser, and are probed once per device', async () => {
  expect([...(await probeUploadPaths(device))]).toEqual([...UPLOAD_PATHS]);
  let pipelines = 0;
  replaceMethod(undo, GPUDevice.prototype, 'createComputePipelineAsync', original => {
    pipelines += 1;
    return original();
  });
  await probeUploadPaths(device);
  expect(pipelines).toBe(0);
});

test('a rotated external texture fails the probe, and so does a rotated copy', async () => {
  rotateExternal();
  expect([...(await probeUploadPaths(device))]).toEqual(['copy', 'bitmap', 'canvas']);
  const other = await requestDevice();
  rotateCopies(isFrame);
  expect([...(await probeUploadPaths(other))]).toEqual(['bitmap', 'canvas']);
  other.destroy();
});

/** The picture with red and blue swapped. */
function withSwappedColours(source: VideoFrame): OffscreenCanvas {
  const canvas = drawn(source, () => undefined);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  const image = context.getImageData(0, 0, 64, 64);
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) [data[i], data[i + 2]] = [data[i + 2] ?? 0, data[i] ?? 0];
  context.putImageData(image, 0, 0);
  return canvas;
}

test('a bitmap with swapped colours fails the probe', async () => {
  replaceMethod(undo, globalThis, 'createImageBitmap', (original, args) => {
    args[0] = withSwappedColours(args[0] as VideoFrame);
    return original();
  });
  expect([...(await probeUploadPaths(device))]).toEqual(['external', 'copy', 'canvas']);
});

test('the bitmap path fails the probe if no bitmap can be made', async () => {
  failBitmaps(undo);
  expect([...(await probeUploadPaths(device))]).toEqual(['external', 'copy', 'canvas']);
});

test('if no path passes or no test frame can be made, all paths stay in use', async () => {
  rotateExternal();
  rotateCopies(() => true);
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

test.each([
  ['external', (): void => undefined, { external: true, bitmaps: false }],
  ['copy', (): void => rotateExternal(), { external: false, bitmaps: false }],
  [
    'bitmap',
    (): void => {
      rotateExternal();
      rotateCopies(isFrame);
    },
    { external: false, bitmaps: true },
  ],
  [
    'canvas',
    (): void => {
      rotateExternal();
      rotateCopies(isFrame);
      failBitmaps(undo);
    },
    { external: false, bitmaps: false },
  ],
] as const)(
  'a video frame is upright by the path %s if the paths before it fail',
  async (_, breakPaths, expected) => {
    breakPaths();
    const bitmapsSettled = trackBitmaps(undo);
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createPainter(look, { device, canvas });
    paintFrame(painter);
    await probeUploadPaths(device);
    // The first bitmap is ready only after this frame.
    paintFrame(painter);
    await bitmapsSettled();
    const used = { external: false, bitmaps: false };
    replaceMethod(undo, GPUDevice.prototype, 'importExternalTexture', original => {
      used.external = true;
      return original();
    });
    replaceMethod(undo, GPUQueue.prototype, 'copyExternalImageToTexture', (original, args) => {
      const [{ source }] = args as [{ source: unknown }];
      used.bitmaps ||= source instanceof ImageBitmap;
      return original();
    });
    paintFrame(painter);
    expectUpright(canvas);
    expect(used).toEqual(expected);
    painter.destroy();
  },
);
