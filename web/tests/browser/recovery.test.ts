// Recovery from device loss: painting resumes automatically with the same settings.

import { afterEach, expect, test } from 'vitest';
import { createPainter, EngineError, type Look, type PainterOptions, readLook } from '../../engine/index.ts';
import { look as fetched, loseContext } from '../scene.ts';
import { tinyLook } from '../tiny.ts';

const look = await readLook(tinyLook());

/** Devices that the engine requested, oldest first. */
const devices: GPUDevice[] = [];
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await request.apply(this, args);
  devices.push(device);
  return device;
};

const undo: (() => void)[] = [];
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
  for (const device of devices.splice(0)) device.destroy();
});

const newest = (): GPUDevice => {
  const device = devices.at(-1);
  if (!device) throw new Error('no device was requested');
  return device;
};

/** Delays the next request for a device: `made` resolves when the device exists, and the request ends after
 * `release`. */
function holdDevice(): { made: Promise<void>; release: () => void } {
  const original = GPUAdapter.prototype.requestDevice;
  let [resolveMade, release] = [(): void => undefined, (): void => undefined];
  const made = new Promise<void>(resolve => {
    resolveMade = resolve;
  });
  const released = new Promise<void>(resolve => {
    release = resolve;
  });
  GPUAdapter.prototype.requestDevice = async function (...args) {
    GPUAdapter.prototype.requestDevice = original;
    const device = await original.apply(this, args);
    resolveMade();
    await released;
    return device;
  };
  return { made, release };
}

/** A picture without black pixels. */
function scene(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(64, 64);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  for (let i = 0; i < 64; i++) {
    context.fillStyle = `rgb(${64 + i * 3} ${255 - i * 3} ${60 + ((i * 37) % 190)})`;
    context.fillRect(i, 0, 1, 64);
  }
  return canvas;
}

function bytesOf(canvas: OffscreenCanvas): number[] {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d');
  context?.drawImage(canvas, 0, 0);
  return Array.from(context?.getImageData(0, 0, canvas.width, canvas.height).data ?? []);
}

interface Setup {
  canvas: OffscreenCanvas;
  revived: number[];
  reasons: string[];
  options: PainterOptions;
}

/** Options of a painter, and lists that record its recoveries and losses. */
function setUp(): Setup {
  const [canvas, revived, reasons] = [new OffscreenCanvas(1, 1), [] as number[], [] as string[]];
  const options: PainterOptions = {
    canvas,
    backend: 'webgpu',
    onRevived: ms => revived.push(ms),
    onLost: reason => reasons.push(reason),
  };
  return { canvas, revived, reasons, options };
}

test('after a device loss painting resumes on the same canvas with the same guide and live inputs', async () => {
  const { canvas, revived, reasons, options } = setUp();
  const guide = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, options);
  painter.attachGuide(guide);
  painter.set('brightness', 0.3);
  painter.paint(scene());
  const before = bytesOf(canvas);
  expect(Math.max(...before.slice(0, 3))).toBeGreaterThan(0);
  newest().destroy();
  painter.paint(scene());
  painter.set('contrast', 2);
  await newest().lost;
  // Until the recovery nothing throws, and changes of live inputs are kept.
  painter.paint(scene());
  painter.set('contrast', 0.5);
  painter.set('contrast', Number.NaN);
  expect(() => painter.set('warmth', 1)).toThrow(EngineError);
  await painter.finished();
  await expect.poll(() => revived.length).toBe(1);
  expect(devices).toHaveLength(2);
  expect(painter.canvas).toBe(canvas);
  painter.paint(scene());
  const after = bytesOf(canvas);
  const control = new OffscreenCanvas(1, 1);
  const other = await createPainter(look, { canvas: control, backend: 'webgpu' });
  other.set('brightness', 0.3);
  other.set('contrast', 0.5);
  other.paint(scene());
  expect(after).toEqual(bytesOf(control));
  expect(after).not.toEqual(before);
  await expect
    .poll(() => {
      painter.paint(scene());
      return Math.max(...bytesOf(guide).slice(0, 3));
    })
    .toBeGreaterThan(0);
  expect(reasons).toEqual([]);
  painter.destroy();
  other.destroy();
});

test('the last picture is painted again after the recovery', async () => {
  const { canvas, revived, options } = setUp();
  const painter = await createPainter(look, options);
  painter.paint(scene());
  const before = bytesOf(canvas);
  await painter.finished();
  const paints: number[][] = [];
  const submit = GPUQueue.prototype.submit;
  GPUQueue.prototype.submit = function (...args) {
    submit.apply(this, args);
    // A canvas can be read only in the task that painted it. Later submits come from the health monitor, which does
    // not paint.
    if (revived.length === 0) paints.push(bytesOf(canvas));
  };
  try {
    newest().destroy();
    await expect.poll(() => revived.length).toBe(1);
  } finally {
    GPUQueue.prototype.submit = submit;
  }
  expect(paints.at(-1)).toEqual(before);
  painter.destroy();
});

test('a run returns its result even if the device is lost during it', async () => {
  const { options, reasons } = setUp();
  const painter = await createPainter(look, options);
  const image = Float32Array.from({ length: 3 * 4096 }, (_, i) => (i % 64) / 64);
  const expected = await painter.run({ image });
  const pending = painter.run({ image });
  newest().destroy();
  expect(await pending).toEqual(expected);
  expect(await painter.run({ image })).toEqual(expected);
  await expect(painter.run({ image: image.slice(1) })).rejects.toThrow(EngineError);
  expect(reasons).toEqual([]);
  painter.destroy();
});

test('recovery ends, with one reported loss, for a look that loses the device each time', async () => {
  const { options, reasons, revived } = setUp();
  const painter = await createPainter(look, options);
  const submit = GPUQueue.prototype.submit;
  GPUQueue.prototype.submit = function (...args) {
    submit.apply(this, args);
    newest().destroy();
  };
  try {
    painter.paint(scene());
    await expect.poll(() => reasons.length).toBe(1);
  } finally {
    GPUQueue.prototype.submit = submit;
  }
  expect(devices).toHaveLength(3);
  expect(revived).toEqual([]);
  painter.paint(scene());
  painter.set('brightness', 0.1);
  await painter.finished();
  await expect(painter.run({})).rejects.toThrow('lost for good');
  painter.destroy();
  expect(reasons).toHaveLength(1);
});

test('recovery tries again if there is no adapter at first', async () => {
  const { options, reasons, revived } = setUp();
  const painter = await createPainter(look, options);
  const original = navigator.gpu.requestAdapter;
  let refusals = 1;
  Object.defineProperty(GPU.prototype, 'requestAdapter', {
    configurable: true,
    writable: true,
    value(this: GPU, ...args: []) {
      return refusals-- > 0 ? Promise.resolve(null) : original.apply(this, args);
    },
  });
  try {
    newest().destroy();
    await expect.poll(() => revived.length).toBe(1);
  } finally {
    Object.defineProperty(GPU.prototype, 'requestAdapter', { value: original });
  }
  expect(reasons).toEqual([]);
  painter.destroy();
});

for (const [what, { prototype }, method] of [
  ['an adapter', GPU, 'requestAdapter'],
  ['a device', GPUAdapter, 'requestDevice'],
] as const) {
  test(`a painter destroyed while recovery requests ${what} stays destroyed and leaves no device behind`, async () => {
    const { options, reasons, revived } = setUp();
    const painter = await createPainter(look, options);
    const original: unknown = Reflect.get(prototype, method);
    if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
    Reflect.set(prototype, method, async function (this: object, ...args: unknown[]) {
      const result: unknown = await Reflect.apply(original, this, args);
      painter.destroy();
      return result;
    });
    undo.push(() => Reflect.set(prototype, method, original));
    newest().destroy();
    await expect.poll(() => devices.length).toBe(2);
    for (const device of devices) await device.lost;
    // No callbacks or requests come later, either.
    await new Promise(resolve => setTimeout(resolve, 500));
    expect([reasons, revived, devices.length]).toEqual([[], [], 2]);
  });
}

test('a painter destroyed during its recovery leaves the canvas to the next painter', async () => {
  const { canvas, options, reasons, revived } = setUp();
  const painter = await createPainter(look, options);
  const held = holdDevice();
  newest().destroy();
  await held.made;
  const late = newest();
  painter.destroy();
  const next = await createPainter(look, options);
  next.paint(scene());
  held.release();
  await late.lost;
  next.paint(scene());
  expect(Math.max(...bytesOf(canvas).slice(0, 3))).toBeGreaterThan(0);
  expect([reasons, revived]).toEqual([[], []]);
  next.destroy();
});

test('recovery leaves out a guide canvas that the painter refuses, and does not count it as a loss', async () => {
  const { options, reasons, revived } = setUp();
  const painter = await createPainter(look, options);
  const taken = new OffscreenCanvas(1, 1);
  taken.getContext('2d');
  expect(() => painter.attachGuide(taken)).toThrow(EngineError);
  const held = holdDevice();
  newest().destroy();
  await held.made;
  // During the recovery there is no painter that could refuse it.
  painter.attachGuide(taken);
  held.release();
  await expect.poll(() => revived.length).toBe(1);
  expect(devices).toHaveLength(2);
  expect(reasons).toEqual([]);
  painter.destroy();
});

test('the loss of a shared device is reported, but the painter does not recover', async () => {
  const { options, reasons, revived } = setUp();
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) throw new Error('no device');
  const requests = devices.length;
  const painter = await createPainter(look, { ...options, device });
  device.destroy();
  await expect.poll(() => reasons.length).toBe(1);
  expect(devices).toHaveLength(requests);
  expect(revived).toEqual([]);
  painter.destroy();
});

/** Milliseconds of one recovery: `made` to make the painter at first, `revived` to recover, `compiling` to compile
 * shaders, and `rest` from the loss to the first submit without compiling. */
async function timesOf(
  lean: Look,
): Promise<{ made: number; revived: number; compiling: number; rest: number }> {
  const { options, revived } = setUp();
  const began = performance.now();
  // The health monitor and the tuner are off, so that they take no time.
  const painter = await createPainter(lean, { ...options, upkeep: false });
  const made = performance.now() - began;
  painter.paint(scene());
  await painter.finished();
  const compiling = { pending: 0, since: 0, milliseconds: 0, firstSubmit: 0 };
  const compile = GPUDevice.prototype.createComputePipelineAsync;
  const submit = GPUQueue.prototype.submit;
  GPUDevice.prototype.createComputePipelineAsync = function (...args) {
    if (compiling.pending++ === 0) compiling.since = performance.now();
    return compile.apply(this, args).finally(() => {
      if (--compiling.pending === 0) compiling.milliseconds += performance.now() - compiling.since;
    });
  };
  GPUQueue.prototype.submit = function (...args) {
    submit.apply(this, args);
    compiling.firstSubmit ||= performance.now();
  };
  const lost = performance.now();
  try {
    newest().destroy();
    await expect.poll(() => revived.length).toBe(1);
  } finally {
    GPUDevice.prototype.createComputePipelineAsync = compile;
    GPUQueue.prototype.submit = submit;
  }
  painter.destroy();
  const { milliseconds, firstSubmit } = compiling;
  const rest = firstSubmit - lost - milliseconds;
  return { made, revived: revived[0] ?? Number.NaN, compiling: milliseconds, rest };
}

test('recovery of a look of common size takes little more time than compiling shaders', async () => {
  const lean = await fetched('lean-64-uint16-colour');
  const first = await timesOf(lean);
  // A second measurement rules out a pause of the machine.
  const isFast = first.rest < 500 && first.revived < 2 * first.made + 2000;
  const { made, revived, compiling, rest } = isFast ? first : await timesOf(lean);
  console.log(
    `lean at 64 pixels: made in ${made.toFixed(0)} ms, revived in ${revived.toFixed(0)} ms; to the first submit ${rest.toFixed(0)} ms without ${compiling.toFixed(0)} ms of compiling`,
  );
  expect(compiling).toBeGreaterThan(0);
  expect(rest).toBeLessThan(500);
  // Nearly all of the time is SwiftShader compiling shaders, which takes no longer than at first.
  expect(revived).toBeLessThan(2 * made + 2000);
});

test('painting resumes after a WebGL2 context is lost and restored', async () => {
  const { canvas, options, revived, reasons } = setUp();
  const painter = await createPainter(look, { ...options, backend: 'webgl2' });
  expect(painter.backend).toBe('webgl2');
  painter.set('brightness', 0.25);
  painter.paint(scene());
  const before = bytesOf(canvas);
  expect(Math.max(...before.slice(0, 3))).toBeGreaterThan(0);
  const losing = loseContext(canvas);
  painter.paint(scene());
  const loss = await losing;
  painter.paint(scene());
  loss.restoreContext();
  await expect.poll(() => revived.length).toBe(1);
  painter.paint(scene());
  expect(bytesOf(canvas)).toEqual(before);
  expect(reasons).toEqual([]);
  painter.destroy();
});
