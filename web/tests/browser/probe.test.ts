// The health monitor's probe: it finds NaN inside a network even if the painting is finite, it compiles and keeps
// nothing, and it does not affect frames.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Look, readLook } from '../../engine/index.ts';
import type { Backend, BackendPainter, Canvas, Precision } from '../../engine/painter.ts';
import { diagnose } from '../../engine/recovery/probe.ts';
import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { trackGpuMemory } from '../gpu-memory.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';
import { look as fetched, pixels, scene } from '../scene.ts';
import { tinyLook } from '../tiny.ts';

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

const SIDE = 64;
const BACKENDS: readonly (readonly [Backend, Precision])[] = [
  ['webgpu', 'float32'],
  ['webgpu', 'float16'],
  ['webgl2', 'float32'],
];

/** A look of two convolutions with a square root between them, whose input is at least about `least`. Below zero the
 * root is NaN. The painting is a tanh, which the GPU computes as a finite value even for NaN. */
async function lookWithRoot(least: number): Promise<Look> {
  const shape = [1, 3, SIDE, SIDE];
  const weights = (name: string, ...dims: number[]) =>
    tensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.01));
  const graph = graphOf({
    nodes: [
      node('Conv', ['image', 'first'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Add', ['a', 'least'], ['b'], {}),
      node('Sqrt', ['b'], ['c'], {}),
      node('Conv', ['c', 'second'], ['d'], { pads: [1, 1, 1, 1] }),
      node('Tanh', ['d'], ['painting'], {}),
    ],
    constants: [
      weights('first', 8, 3, 3, 3),
      weights('second', 3, 8, 3, 3),
      tensor('least', [1], Float32Array.of(least)),
    ],
    inputs: [value('image', shape)],
    outputs: [value('painting', shape)],
  });
  return readLook(model(graph));
}

const onLost = (reason: string): never => {
  throw new Error(reason);
};

function painterOn(
  backend: Backend,
  look: Look,
  precision: Precision,
  canvas: Canvas,
): Promise<BackendPainter> {
  const settings = { canvas, onLost, precision, tune: false };
  return backend === 'webgpu'
    ? createWebgpuPainter(look, settings, device)
    : createWebgl2Painter(look, settings);
}

test('the probe works for frames that are external textures', async () => {
  for (const [least, fault] of [
    [-100, /NaN/],
    [1, null],
  ] as const) {
    const painter = await painterOn(
      'webgpu',
      await lookWithRoot(least),
      'float32',
      new OffscreenCanvas(1, 1),
    );
    const frame = new VideoFrame(scene(), { timestamp: 0 });
    painter.paint(frame);
    frame.close();
    const { pipelines } = painter.statistics;
    const { values, isPainted } = await painter.probe();
    expect(isPainted).toBe(true);
    expect(values.some(value => value !== 0)).toBe(true);
    const found = await diagnose(painter);
    if (fault) expect(found).toMatch(fault);
    else expect(found).toBeNull();
    // The probe did not compile the kernels for copied frames.
    expect(painter.statistics.pipelines).toBe(pipelines);
    painter.destroy();
  }
});

for (const [backend, precision] of BACKENDS) {
  test(`${backend} in ${precision}: NaN inside the network is found although the painting is finite`, async () => {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await painterOn(backend, await lookWithRoot(-100), precision, canvas);
    painter.paint(scene());
    expect(await diagnose(painter)).toMatch(/NaN/);
    const image = new Float32Array(3 * SIDE * SIDE).fill(0.5);
    const { painting = new Float32Array([Number.NaN]) } = await painter.run({ image });
    expect(painting.every(Number.isFinite)).toBe(true);
    painter.destroy();
    const healthy = await painterOn(backend, await lookWithRoot(1), precision, new OffscreenCanvas(1, 1));
    healthy.paint(scene());
    expect(await diagnose(healthy)).toBeNull();
    healthy.destroy();
  });

  test(`${backend} in ${precision}: looks pass the probe for all slider values, and frames do not change`, async () => {
    for (const opened of [await fetched('lean-64-uint16-colour'), await readLook(tinyLook())]) {
      const canvas = new OffscreenCanvas(1, 1);
      const painter = await painterOn(backend, opened, precision, canvas);
      painter.set('contrast', 0);
      painter.set('brightness', -1);
      painter.paint(scene(), { mirror: true });
      const before = pixels(canvas);
      const memory = trackGpuMemory();
      const { values, isPainted } = await painter.probe();
      memory.close();
      expect(memory.pipelines).toEqual([]);
      expect(memory.peakBytes).toBeLessThan(150_000);
      expect(isPainted).toBe(true);
      expect(values.every(Number.isFinite)).toBe(true);
      expect(await diagnose(painter)).toBeNull();
      const statistics = { ...painter.statistics };
      painter.paint(scene(), { mirror: true });
      const after = pixels(canvas);
      for (let at = 0; at < SIDE; at += 7) expect(after(at, at)).toEqual(before(at, at));
      expect(painter.statistics).toEqual(statistics);
      painter.destroy();
    }
  });
}

test('a GPU whose kernels stop writing is found, although the buffers hold earlier values', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await painterOn('webgpu', await fetched('lean-64-uint16-colour'), 'float32', canvas);
  painter.paint(scene());
  await painter.finished();
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = () => undefined;
  try {
    expect(await diagnose(painter)).toMatch(/zeros/);
  } finally {
    GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
  expect(await diagnose(painter)).toBeNull();
  painter.destroy();
});
