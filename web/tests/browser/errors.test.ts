// Errors on the GPU. WebGPU reports them later and elsewhere than in the call, but the page must get them all.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPainter, EngineError, load, readLook } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { colourDistance, pixels, scene, untilGuide } from '../scene.ts';
import { tinyLook } from '../tiny.ts';

const look = await readLook(tinyLook());

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

/** Replaces a method while `work` runs. `replacement` gets a function that calls the original. */
async function replacing<T>(
  owner: { prototype: object },
  method: string,
  replacement: (original: () => unknown, args: unknown[], self: object) => unknown,
  work: () => Promise<T>,
): Promise<T> {
  const original: unknown = Reflect.get(owner.prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
  Reflect.set(owner.prototype, method, function (this: object, ...args: unknown[]) {
    return replacement(() => Reflect.apply(original, this, args), args, this);
  });
  try {
    return await work();
  } finally {
    Reflect.set(owner.prototype, method, original);
  }
}

const errorOf = async (work: () => Promise<unknown>): Promise<Error> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing failed');
};

test('an invalid buffer or shader gives an EngineError and leaves no buffers behind', async () => {
  const live = new Set<object>();
  const counted = (work: () => Promise<unknown>) =>
    replacing(
      GPUDevice,
      'createBuffer',
      original => {
        const buffer = original();
        if (typeof buffer === 'object' && buffer) live.add(buffer);
        return buffer;
      },
      () =>
        replacing(
          GPUBuffer,
          'destroy',
          (original, _, self) => {
            live.delete(self);
            return original();
          },
          work,
        ),
    );
  const makeWithFault = (method: string, corrupt: (descriptor: object) => void) => () =>
    errorOf(() =>
      counted(() =>
        replacing(
          GPUDevice,
          method,
          (original, [descriptor]) => {
            if (typeof descriptor === 'object' && descriptor) corrupt(descriptor);
            return original();
          },
          () => createPainter(look, { device }),
        ),
      ),
    );
  const buffers = makeWithFault('createBuffer', descriptor => {
    const mapped = Reflect.get(descriptor, 'mappedAtCreation') === true;
    if (!mapped) Reflect.set(descriptor, 'usage', GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE);
  });
  const shaders = makeWithFault('createShaderModule', descriptor =>
    Reflect.set(descriptor, 'code', 'fn main( {'),
  );
  for (const attempt of [buffers, shaders]) {
    const error = await attempt();
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toMatch(/^The GPU refused the engine's work \(.+\)\.$/);
    expect(live.size).toBe(0);
  }
});

test('the error message names too little memory', async () => {
  const work = () =>
    replacing(
      GPUDevice,
      'popErrorScope',
      async original => {
        await original();
        return new GPUOutOfMemoryError('of 9 bytes');
      },
      () => createPainter(look, { device }),
    );
  expect((await errorOf(work)).message).toContain('too little memory for this look (of 9 bytes)');
});

test('a device that is lost while the painter is made gives an error', async () => {
  const lost = await requestDevice();
  lost.destroy();
  const error = await errorOf(() => createPainter(look, { device: lost }));
  expect(error).toBeInstanceOf(EngineError);
});

test('a refused request for a device gives an EngineError, or WebGL2 if no backend was asked for', async () => {
  const refused = () => {
    throw new DOMException('no such limit', 'OperationError');
  };
  const error = await errorOf(() =>
    replacing(GPUAdapter, 'requestDevice', refused, () => createPainter(look, { backend: 'webgpu' })),
  );
  expect(error).toBeInstanceOf(EngineError);
  expect(error.message).toContain('no such limit');
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await replacing(GPUAdapter, 'requestDevice', refused, () =>
    createPainter(look, { canvas }),
  );
  expect(painter.backend).toBe('webgl2');
  painter.destroy();
});

test('a hardware GPU with WebGL2 is preferred to WebGPU in software', async () => {
  const renameSoftware = (original: () => unknown) => {
    const parameter = original();
    return typeof parameter === 'string' ? parameter.replaceAll('SwiftShader', 'Real') : parameter;
  };
  const work = () => createPainter(look);
  expect((await replacing(WebGL2RenderingContext, 'getParameter', renameSoftware, work)).backend).toBe(
    'webgl2',
  );
  expect((await work()).backend).toBe('webgpu');
});

test.each([
  ['no external textures', true],
  ['external textures that bind group layouts refuse', false],
])('frames are copied in a browser with %s', async (_, missing) => {
  const original = GPUDevice.prototype.importExternalTexture;
  if (missing) Reflect.deleteProperty(GPUDevice.prototype, 'importExternalTexture');
  const refuseExternal = (make: () => unknown, [descriptor]: unknown[]) => {
    const entries: unknown = Reflect.get(Object(descriptor), 'entries');
    for (const entry of Array.isArray(entries) ? entries : []) {
      if (Reflect.has(Object(entry), 'externalTexture')) Reflect.set(Object(entry), 'visibility', 128);
    }
    return make();
  };
  const copies = { count: 0 };
  const counted = (copy: () => unknown) => {
    copies.count += 1;
    return copy();
  };
  const [canvas, guide] = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
  try {
    await replacing(GPUDevice, 'createBindGroupLayout', refuseExternal, async () => {
      const painter = await createPainter(look, { device, canvas, upkeep: false });
      expect(painter.backend).toBe('webgpu');
      painter.attachGuide(guide);
      const source = scene();
      await untilGuide(painter, source, guide);
      const frame = new VideoFrame(source, { timestamp: 0 });
      await replacing(GPUQueue, 'copyExternalImageToTexture', counted, async () => painter.paint(frame));
      frame.close();
      expect(copies.count).toBe(1);
      expect(colourDistance(pixels(canvas)(8, 32), [255, 0, 0])).toBeLessThan(40);
      expect(colourDistance(pixels(guide)(56, 32), [0, 0, 255])).toBeLessThan(40);
      painter.destroy();
    });
  } finally {
    GPUDevice.prototype.importExternalTexture = original;
  }
});

test('a picture larger than the largest texture is scaled down', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, { device, canvas, upkeep: false });
  const maxSide = device.limits.maxTextureDimension2D;
  const source = new OffscreenCanvas(maxSide + 8, 64);
  const context = source.getContext('2d');
  context?.fillRect(0, 0, source.width, 64);
  if (context) context.fillStyle = 'red';
  context?.fillRect(source.width / 2 - 32, 0, 32, 64);
  for (const from of [source, await createImageBitmap(source)]) {
    device.pushErrorScope('validation');
    painter.paint(from);
    const [left, right] = [pixels(canvas)(16, 32), pixels(canvas)(48, 32)];
    expect(await device.popErrorScope()).toBeNull();
    expect(colourDistance(left, [255, 0, 0])).toBeLessThan(3);
    expect(colourDistance(right, [0, 0, 0])).toBeLessThan(3);
  }
  painter.destroy();
});

test('errors while painting on a device of the engine count as one device loss, and the painter is recreated', async () => {
  const devices: GPUDevice[] = [];
  const reasons: string[] = [];
  const revived: number[] = [];
  const onRevived = (milliseconds: number) => revived.push(milliseconds);
  const record = async (original: () => unknown) => {
    const made = await original();
    if (made instanceof GPUDevice) devices.push(made);
    return made;
  };
  await replacing(GPUAdapter, 'requestDevice', record, async () => {
    const painter = await createPainter(look, { onLost: reason => reasons.push(reason), onRevived });
    const [first] = devices;
    if (!first) throw new Error('no device was requested');
    expect(painter.adapter).not.toBe('');
    for (let i = 0; i < 3; i++) first.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | 0x80 });
    await first.queue.onSubmittedWorkDone();
    await first.lost;
    await expect.poll(() => revived.length).toBe(1);
    painter.destroy();
  });
  for (const device of devices) await device.lost;
  expect(devices).toHaveLength(2);
  expect(reasons).toEqual([]);
});

test('external textures are used again after one or two failed frames, but not after more', async () => {
  const painter = await createPainter(look, { device, canvas: new OffscreenCanvas(1, 1) });
  const canvas = new OffscreenCanvas(64, 64);
  canvas.getContext('2d')?.fillRect(0, 0, 64, 64);
  const frame = () => {
    const video = new VideoFrame(canvas, { timestamp: 0 });
    painter.paint(video);
    video.close();
  };
  const tries = { count: 0, failing: true };
  const counted = (original: () => unknown) => {
    tries.count += 1;
    if (tries.failing) throw new DOMException('not now', 'OperationError');
    return original();
  };
  await replacing(GPUDevice, 'importExternalTexture', counted, async () => {
    frame();
    frame();
    tries.failing = false;
    frame();
    tries.failing = true;
    frame();
    frame();
    expect(tries.count).toBe(5);
    for (let i = 0; i < 4; i++) frame();
    expect(tries.count).toBe(6);
  });
  const blocked = () => {
    throw new DOMException('tainted', 'SecurityError');
  };
  await replacing(GPUQueue, 'copyExternalImageToTexture', blocked, async () => {
    expect(frame).toThrow(EngineError);
    expect(frame).toThrow('cannot be read by the GPU (tainted)');
  });
  painter.destroy();
});

test('an interrupted download and an unreadable file give an EngineError', async () => {
  const fail = () => Promise.reject(new TypeError('network error'));
  for (const [owner, from] of [
    [Response, '/lean-64-uint16-colour.onnx'],
    [Blob, new Blob(['gone'])],
  ] as const) {
    const error = await errorOf(() => replacing(owner, 'arrayBuffer', fail, () => load(from)));
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toContain('could not be fetched (network error)');
  }
});

test('the error for a source that is not a picture names createImageBitmap', async () => {
  for (const backend of ['webgpu', 'webgl2'] as const) {
    const painter = await createPainter(look, { backend, canvas: new OffscreenCanvas(1, 1), upkeep: false });
    const wrongSources: unknown[] = [null, undefined, 'clip.mp4', {}, new Image(32, 32)];
    for (const source of wrongSources) {
      expect(() => Reflect.apply(painter.paint, painter, [source])).toThrow(EngineError);
      expect(() => Reflect.apply(painter.paint, painter, [source])).toThrow('createImageBitmap');
    }
    painter.destroy();
  }
});

test.each(['webgpu', 'webgl2'] as const)('%s: `run` throws for wrong inputs', async backend => {
  const painter = await createPainter(look, { backend, upkeep: false });
  const image = new Float32Array(3 * 64 * 64);
  const run = async (inputs: unknown) => Reflect.apply(painter.run, painter, [inputs]);
  await expect(run(undefined)).rejects.toThrow(EngineError);
  await expect(run({ image: [1, 2] })).rejects.toThrow("'image' needs 12288 numbers and got 2");
  for (const brightness of [0.3, [], [1, 2], [Number.NaN], null]) {
    await expect(run({ image, brightness })).rejects.toThrow("'brightness' needs one number");
  }
  const { painting } = await painter.run({ image, brightness: Float32Array.of(0.25) });
  expect(painting?.[0]).toBeCloseTo(0.25, 5);
  painter.destroy();
});

test('`run` works again after it failed because of too little memory', async () => {
  const painter = await createPainter(look, { device, upkeep: false });
  const image = new Float32Array(3 * 64 * 64);
  const refuse = (make: () => unknown, [descriptor]: unknown[]) => {
    if (Reflect.get(Object(descriptor), 'label') === 'picture') throw new RangeError('no memory');
    return make();
  };
  await replacing(GPUDevice, 'createBuffer', refuse, () => errorOf(() => painter.run({ image })));
  expect((await painter.run({ image })).painting?.length).toBe(image.length);
  painter.destroy();
});

test('a guide on the canvas of the painting is refused, and so is a device for WebGL2', async () => {
  for (const backend of ['webgpu', 'webgl2'] as const) {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createPainter(look, { backend, canvas, upkeep: false });
    expect(() => painter.attachGuide(canvas)).toThrow('a canvas of its own');
    painter.paint(scene());
    expect(colourDistance(pixels(canvas)(8, 32), [255, 0, 0])).toBeLessThan(40);
    painter.destroy();
  }
  const both = createPainter(look, { device, backend: 'webgl2' });
  await expect(both).rejects.toThrow('takes no device');
});
