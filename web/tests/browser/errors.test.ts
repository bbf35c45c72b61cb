// What goes wrong on the GPU: it says so later and elsewhere, and the page must hear of it all the same.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPainter, EngineError, load, readLook } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { far, pixels, scene, untilGuide } from '../scene.ts';
import { tinyLook } from '../tiny.ts';

const look = await readLook(tinyLook());

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

/** While `work` runs, `method` is `replaced`, which is given the original. */
async function replacing<T>(
  owner: { prototype: object },
  method: string,
  replaced: (original: () => unknown, args: unknown[], self: object) => unknown,
  work: () => Promise<T>,
): Promise<T> {
  const original: unknown = Reflect.get(owner.prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is no method.`);
  Reflect.set(owner.prototype, method, function (this: object, ...args: unknown[]) {
    return replaced(() => Reflect.apply(original, this, args), args, this);
  });
  try {
    return await work();
  } finally {
    Reflect.set(owner.prototype, method, original);
  }
}

const failing = async (work: () => Promise<unknown>): Promise<Error> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing failed');
};

test('a buffer that the GPU refuses, a shader that it does not understand: a sentence, and nothing is left', async () => {
  const live = new Set<object>();
  const counted = (work: () => Promise<unknown>) =>
    replacing(
      GPUDevice,
      'createBuffer',
      original => {
        const made = original();
        if (typeof made === 'object' && made) live.add(made);
        return made;
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
  const badly = (method: string, spoil: (descriptor: object) => void) => () =>
    failing(() =>
      counted(() =>
        replacing(
          GPUDevice,
          method,
          (original, [descriptor]) => {
            if (typeof descriptor === 'object' && descriptor) spoil(descriptor);
            return original();
          },
          () => createPainter(look, { device }),
        ),
      ),
    );
  const buffers = badly('createBuffer', descriptor => {
    const mapped = Reflect.get(descriptor, 'mappedAtCreation') === true;
    if (!mapped) Reflect.set(descriptor, 'usage', GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE);
  });
  const shaders = badly('createShaderModule', descriptor => Reflect.set(descriptor, 'code', 'fn main( {'));
  for (const attempt of [buffers, shaders]) {
    const error = await attempt();
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toMatch(/^The GPU refused the engine's work \(.+\)\.$/);
    expect(live.size).toBe(0);
  }
});

test('too little memory is said as such', async () => {
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
  expect((await failing(work)).message).toContain('too little memory for this look (of 9 bytes)');
});

test('a device that is lost on the way gives no painter', async () => {
  const own = await requestDevice();
  own.destroy();
  const error = await failing(() => createPainter(look, { device: own }));
  expect(error).toBeInstanceOf(EngineError);
});

test('a device that is refused gives a sentence', async () => {
  const refused = () => {
    throw new DOMException('no such limit', 'OperationError');
  };
  const error = await failing(() =>
    replacing(GPUAdapter, 'requestDevice', refused, () => createPainter(look, { backend: 'webgpu' })),
  );
  expect(error).toBeInstanceOf(EngineError);
  expect(error.message).toContain('no such limit');
  // Nobody asked for WebGPU: then WebGL2 paints.
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await replacing(GPUAdapter, 'requestDevice', refused, () =>
    createPainter(look, { canvas }),
  );
  expect(painter.backend).toBe('webgl2');
  painter.destroy();
});

test('a real GPU under WebGL2 is better than WebGPU in software', async () => {
  const real = (original: () => unknown) => {
    const given = original();
    return typeof given === 'string' ? given.replaceAll('SwiftShader', 'Real') : given;
  };
  const work = () => createPainter(look);
  expect((await replacing(WebGL2RenderingContext, 'getParameter', real, work)).backend).toBe('webgl2');
  expect((await work()).backend).toBe('webgpu');
});

test.each([
  ['no external textures', true],
  ['external textures by name alone', false],
])('where there are %s frames are copied', async (_, missing) => {
  const original = GPUDevice.prototype.importExternalTexture;
  if (missing) Reflect.deleteProperty(GPUDevice.prototype, 'importExternalTexture');
  const unknown = (make: () => unknown, [descriptor]: unknown[]) => {
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
    await replacing(GPUDevice, 'createBindGroupLayout', unknown, async () => {
      const painter = await createPainter(look, { device, canvas, upkeep: false });
      expect(painter.backend).toBe('webgpu');
      painter.attachGuide(guide);
      const source = scene();
      await untilGuide(painter, source, guide);
      const frame = new VideoFrame(source, { timestamp: 0 });
      await replacing(GPUQueue, 'copyExternalImageToTexture', counted, async () => painter.paint(frame));
      frame.close();
      expect(copies.count).toBe(1);
      expect(far(pixels(canvas)(8, 32), [255, 0, 0])).toBeLessThan(40);
      expect(far(pixels(guide)(56, 32), [0, 0, 255])).toBeLessThan(40);
      painter.destroy();
    });
  } finally {
    GPUDevice.prototype.importExternalTexture = original;
  }
});

test('a picture that is larger than any texture is drawn smaller', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, { device, canvas, upkeep: false });
  const most = device.limits.maxTextureDimension2D;
  const source = new OffscreenCanvas(most + 8, 64);
  const context = source.getContext('2d');
  context?.fillRect(0, 0, source.width, 64);
  if (context) context.fillStyle = 'red';
  context?.fillRect(source.width / 2 - 32, 0, 32, 64);
  for (const from of [source, await createImageBitmap(source)]) {
    device.pushErrorScope('validation');
    painter.paint(from);
    const [left, right] = [pixels(canvas)(16, 32), pixels(canvas)(48, 32)];
    expect(await device.popErrorScope()).toBeNull();
    expect(far(left, [255, 0, 0])).toBeLessThan(3);
    expect(far(right, [0, 0, 0])).toBeLessThan(3);
  }
  painter.destroy();
});

test('errors during painting on an own device are one loss, and the painter is made anew', async () => {
  const devices: GPUDevice[] = [];
  const reasons: string[] = [];
  const revived: number[] = [];
  const onRevived = (milliseconds: number) => revived.push(milliseconds);
  const noted = async (original: () => unknown) => {
    const made = await original();
    if (made instanceof GPUDevice) devices.push(made);
    return made;
  };
  await replacing(GPUAdapter, 'requestDevice', noted, async () => {
    const painter = await createPainter(look, { onLost: reason => reasons.push(reason), onRevived });
    const [own] = devices;
    if (!own) throw new Error('no device was asked for');
    expect(painter.adapter).not.toBe('');
    for (let i = 0; i < 3; i++) own.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | 0x80 });
    await own.queue.onSubmittedWorkDone();
    await own.lost;
    await expect.poll(() => revived.length).toBe(1);
    painter.destroy();
  });
  for (const one of devices) await one.lost;
  expect(devices).toHaveLength(2);
  expect(reasons).toEqual([]);
});

test('a camera that fails for a frame or two is not given up, one that always fails is', async () => {
  const painter = await createPainter(look, { device, canvas: new OffscreenCanvas(1, 1) });
  const canvas = new OffscreenCanvas(64, 64);
  canvas.getContext('2d')?.fillRect(0, 0, 64, 64);
  const frame = () => {
    const made = new VideoFrame(canvas, { timestamp: 0 });
    painter.paint(made);
    made.close();
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

test('a look whose bytes stop on the way, and a file that is gone, are refused with a sentence', async () => {
  const stops = () => Promise.reject(new TypeError('network error'));
  for (const [owner, from] of [
    [Response, '/lean-64-uint16-colour.onnx'],
    [Blob, new Blob(['gone'])],
  ] as const) {
    const error = await failing(() => replacing(owner, 'arrayBuffer', stops, () => load(from)));
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toContain('could not be fetched (network error)');
  }
});

test('what is no picture is told what would be one', async () => {
  for (const backend of ['webgpu', 'webgl2'] as const) {
    const painter = await createPainter(look, { backend, canvas: new OffscreenCanvas(1, 1), upkeep: false });
    const odd: unknown[] = [null, undefined, 'clip.mp4', {}, new Image(32, 32)];
    for (const source of odd) {
      expect(() => Reflect.apply(painter.paint, painter, [source])).toThrow(EngineError);
      expect(() => Reflect.apply(painter.paint, painter, [source])).toThrow('createImageBitmap');
    }
    painter.destroy();
  }
});

test.each(['webgpu', 'webgl2'] as const)('%s: `run` says what is wrong with its inputs', async backend => {
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

test('a run that fails for want of memory is followed by one that does not', async () => {
  const painter = await createPainter(look, { device, upkeep: false });
  const image = new Float32Array(3 * 64 * 64);
  const refuse = (make: () => unknown, [descriptor]: unknown[]) => {
    if (Reflect.get(Object(descriptor), 'label') === 'picture') throw new RangeError('no memory');
    return make();
  };
  await replacing(GPUDevice, 'createBuffer', refuse, () => failing(() => painter.run({ image })));
  expect((await painter.run({ image })).painting?.length).toBe(image.length);
  painter.destroy();
});

test('a guide on the canvas of the painting, and a device for WebGL2, are refused', async () => {
  for (const backend of ['webgpu', 'webgl2'] as const) {
    const canvas = new OffscreenCanvas(1, 1);
    const painter = await createPainter(look, { backend, canvas, upkeep: false });
    expect(() => painter.attachGuide(canvas)).toThrow('a canvas of its own');
    painter.paint(scene());
    expect(far(pixels(canvas)(8, 32), [255, 0, 0])).toBeLessThan(40);
    painter.destroy();
  }
  const both = createPainter(look, { device, backend: 'webgl2' });
  await expect(both).rejects.toThrow('takes no device');
});
