// The frame path on WebGPU: what the canvas shows, and how many calls of the API a frame makes.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPainter, type Look, webgpuAvailable } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { callsOf } from '../calls.ts';
import { trackGpuMemory } from '../gpu-memory.ts';
import { camera, colourDistance, expectCanvasAsRun, look, pixels, scene, untilGuide } from '../scene.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const HOOKED = {
  dispatches: [GPUComputePassEncoder, 'dispatchWorkgroups'],
  submits: [GPUQueue, 'submit'],
  writes: [GPUQueue, 'writeBuffer'],
  maps: [GPUBuffer, 'mapAsync'],
  buffers: [GPUDevice, 'createBuffer'],
  textures: [GPUDevice, 'createTexture'],
  bindGroups: [GPUDevice, 'createBindGroup'],
  imports: [GPUDevice, 'importExternalTexture'],
  copies: [GPUQueue, 'copyExternalImageToTexture'],
  pipelines: [GPUDevice, 'createComputePipelineAsync'],
  syncPipelines: [GPUDevice, 'createComputePipeline'],
} as const;

/** Counts calls. Submits are counted but not made: on a software GPU a frame of the large network takes many seconds,
 * and other tests check the pixels. */
const counting = (work: () => void) => callsOf(HOOKED, ['submit'], work);

test('a software adapter does not count as WebGPU, unless it is allowed', async () => {
  const plain = await webgpuAvailable();
  expect(plain.ok || plain.software).toBe(true);
  expect((await webgpuAvailable({ allowSoftware: true })).ok).toBe(true);
});

test('the guide shows the centre square, mirrored on request, for every kind of source', async () => {
  const [canvas, guide] = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
  const painter = await createPainter(await look('lean-64-uint16-colour'), { device, canvas });
  painter.attachGuide(guide);
  expect([canvas.width, canvas.height]).toEqual([64, 64]);
  const source = scene();
  const bitmap = await createImageBitmap(source);
  const frame = new VideoFrame(source, { timestamp: 0 });
  await untilGuide(painter, source, guide);
  for (const [kind, from] of [
    ['canvas', source],
    ['bitmap', bitmap],
    ['frame', frame],
  ] as const) {
    for (const mirror of [false, true]) {
      painter.paint(from, { mirror });
      const at = pixels(guide);
      // Video frames may be converted to another colour space.
      const tolerance = kind === 'frame' ? 40 : 3;
      expect(colourDistance(at(8, 32), mirror ? [0, 0, 255] : [255, 0, 0]), `${kind} ${mirror}`).toBeLessThan(
        tolerance,
      );
      expect(
        colourDistance(at(56, 32), mirror ? [255, 0, 0] : [0, 0, 255]),
        `${kind} ${mirror}`,
      ).toBeLessThan(tolerance);
      expect(colourDistance(at(0, 0), mirror ? [0, 0, 255] : [255, 0, 0]), `${kind} ${mirror}`).toBeLessThan(
        tolerance,
      );
    }
  }
  frame.close();
  // Bitmaps of one size alternate, and then the picture of one canvas changes.
  const flipped = new OffscreenCanvas(640, 320);
  const context = flipped.getContext('2d');
  context?.setTransform(-1, 0, 0, 1, 640, 0);
  context?.drawImage(source, 0, 0);
  const other = await createImageBitmap(flipped);
  const expectLeft = (from: ImageBitmap | OffscreenCanvas, left: number[]) => {
    painter.paint(from);
    expect(colourDistance(pixels(guide)(8, 32), left)).toBeLessThan(3);
  };
  for (const from of [bitmap, other, other, bitmap])
    expectLeft(from, from === other ? [0, 0, 255] : [255, 0, 0]);
  expectLeft(flipped, [0, 0, 255]);
  context?.drawImage(flipped, 0, 0);
  expectLeft(flipped, [255, 0, 0]);
  expectLeft(other, [0, 0, 255]);
  painter.destroy();
});

test('the canvas shows what run() gives for the same picture', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(await look('lean-64-uint16-colour'), { device, canvas });
  await expectCanvasAsRun(painter, canvas);
  painter.destroy();
});

test('live inputs change the painting, are clamped to their range, and must exist', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(await look('lean-64-uint16-colour'), { device, canvas });
  painter.paint(scene());
  const before = pixels(canvas)(20, 20);
  painter.set('brightness', 99);
  painter.paint(scene());
  expect(colourDistance(pixels(canvas)(20, 20), before)).toBeGreaterThan(0);
  expect(painter.info.live.brightness?.max).toBe(0.5);
  expect(() => painter.set('warmth', 1)).toThrow("no live input 'warmth'");
  painter.destroy();
});

/** For each look: dispatches per frame, pipelines, and bytes on the GPU. Two more pipelines are made for the first
 * frame that is not an external texture. */
const FRAMES = [
  ['lean-256-uint8-soft', 15, 9, 5_763_440],
  ['small-256-uint8-soft', 17, 10, 9_729_040],
  ['medium-256-uint8-soft', 17, 10, 20_480_176],
  ['large-256-uint8-soft', 17, 9, 71_613_808],
  ['full-256-uint8-levels', 15, 10, 8_576_048],
  ['lean-512-uint8-edges', 17, 9, 20_629_360],
] as const;

/** The limit of GPU memory of a look with 256 pixels. */
const maxBytes = (weights: number): number => 1.1 * weights + 12e6;

const weightsOf = ({ plan }: Look): number =>
  plan.operations.reduce(
    (sum, operation) => sum + (operation.kind === 'convolution' ? operation.weights.bytes.length : 0),
    0,
  );

/** A frame may only submit once, import or copy the camera's picture, and make its bind group. */
const NO_OTHER_CALLS = {
  submits: 1,
  writes: 0,
  maps: 0,
  buffers: 0,
  textures: 0,
  pipelines: 0,
  syncPipelines: 0,
};

for (const [name, dispatches, pipelines, bufferBytes] of FRAMES) {
  test(`${name}: a frame is ${dispatches} dispatches in one submit and creates no resources`, async () => {
    const opened = await look(name);
    const painter = await createPainter(opened, {
      device,
      precision: 'float32',
      canvas: new OffscreenCanvas(1, 1),
      upkeep: false,
    });
    expect(painter.statistics).toEqual({ dispatches, pipelines, bufferBytes });
    if (opened.info.pixels === 256) {
      expect(pipelines + 2).toBeLessThanOrEqual(12);
      expect(painter.statistics.bufferBytes).toBeLessThanOrEqual(maxBytes(weightsOf(opened)));
    }
    const source = scene();
    const still = await createImageBitmap(source);
    // The texture for pictures and the crop are made for the first source of a size.
    for (const make of [() => new VideoFrame(source, { timestamp: 0 }), () => still]) {
      const first = make();
      counting(() => painter.paint(first));
      const next = make();
      // A bitmap never changes, so it is uploaded once.
      const uploads = { imports: next === still ? 0 : 1, copies: 0 };
      expect(counting(() => painter.paint(next))).toEqual({
        ...NO_OTHER_CALLS,
        ...uploads,
        dispatches,
        bindGroups: 1,
      });
      if (first !== still) first.close();
      if (next !== still) next.close();
      expect(painter.statistics.pipelines).toBe(next === still ? pipelines + 2 : pipelines);
    }
    const counts = counting(() => {
      painter.set('brightness', 0.1);
      painter.paint(still);
    });
    expect(counts.writes).toBe(1);
    console.log(name, JSON.stringify(painter.statistics));
    painter.destroy();
  });
}

test.each(FRAMES.filter(([name]) => name.includes('-256-')))(
  '%s: the work between frames stays within the memory budget, too',
  async (name, _, pipelines, bufferBytes) => {
    const memory = trackGpuMemory();
    const opened = await look(name);
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createPainter(opened, { device, precision: 'float32', canvas });
    painter.paint(await createImageBitmap(scene()));
    // The health monitor probes one second after the first painting and reads samples back.
    await expect.poll(() => memory.maps).toBeGreaterThan(0);
    await painter.finished();
    // The tuner stores its result when it ends, and then drops the kernels that it only tried.
    await expect.poll(() => localStorage.length).toBe(1);
    // The shapes found may share pipelines that the default shapes do not, but never need more. Two are for copies.
    await expect.poll(() => painter.statistics.pipelines).toBeLessThanOrEqual(pipelines + 2);
    // Some uniforms, the sizes for shapes that were tried, stay allocated.
    expect(painter.statistics.bufferBytes - bufferBytes).toBeLessThan(4096);
    console.log(name, 'peak beyond the memory of a frame', memory.peakBytes - bufferBytes);
    expect(memory.peakBytes).toBeGreaterThan(bufferBytes);
    expect(memory.peakBytes).toBeLessThanOrEqual(maxBytes(weightsOf(opened)));
    painter.destroy();
    memory.close();
  },
);

test('the guide adds one dispatch and one bind group to a camera frame', async () => {
  const painter = await createPainter(await look('lean-64-uint16-colour'), {
    device,
    canvas: new OffscreenCanvas(1, 1),
  });
  const guide = new OffscreenCanvas(1, 1);
  const source = scene();
  const video = await camera(source);
  counting(() => painter.paint(video));
  const { dispatches } = painter.statistics;
  const uploads = { imports: 1, copies: 0 };
  const plain = counting(() => painter.paint(video));
  expect(plain).toEqual({ ...NO_OTHER_CALLS, ...uploads, dispatches, bindGroups: 1 });
  painter.attachGuide(guide);
  await untilGuide(painter, source, guide);
  counting(() => painter.paint(video));
  const both = counting(() => painter.paint(video));
  expect(both).toEqual({ ...NO_OTHER_CALLS, ...uploads, dispatches: dispatches + 1, bindGroups: 2 });
  painter.attachGuide(null);
  expect(counting(() => painter.paint(video))).toEqual(plain);
  painter.destroy();
});

test('a device loss is reported, and further painting does nothing', async () => {
  const lost = await requestDevice();
  let reason = '';
  const onLost = (message: string) => {
    reason = message;
  };
  const painter = await createPainter(await look('lean-64-uint16-colour'), {
    device: lost,
    onLost,
    canvas: new OffscreenCanvas(1, 1),
  });
  lost.destroy();
  await lost.lost;
  const counts = counting(() => painter.paint(scene()));
  expect(counts.submits).toBe(0);
  painter.set('brightness', 0.2);
  await painter.finished();
  expect(reason).not.toBe('');
});
