// WebGL2 on GPUs with lower limits than the test machine's: fewer draw buffers, only half floats, and textures that are
// too small for a tensor.

import { afterAll, expect, test } from 'vitest';
import { createPainter, EngineError, readLook, readModel } from '../../engine/index.ts';
import { type Context, openContext } from '../../engine/webgl2/runtime/context.ts';
import { largestDifference } from '../compare.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';
import { runOnWebgl2 } from '../run-graph.ts';

const NAME = 'lean-64-uint16-colour';
const { plan } = await readLook(await fetchBytes(`${NAME}.onnx`));
const image = await fetchFloats(`${NAME}.image`);
const expected = await fetchFloats(`${NAME}.painting`);
const live = { brightness: Float32Array.of(0.05), contrast: Float32Array.of(1.2) };

const context = await openContext(null);
afterAll(() => context.gl.getExtension('WEBGL_lose_context')?.loseContext());

/** The painting's largest difference from ONNX Runtime if the context has these properties. */
async function differenceOn(changes: Partial<Context>): Promise<number> {
  const { painting } = await runOnWebgl2(plan, { ...context, ...changes }, { image, ...live });
  return largestDifference(painting ?? new Float32Array(), expected);
}

for (const layers of [1, 2, 4]) {
  test(`${layers} draw buffers suffice`, async () => {
    expect(await differenceOn({ limits: { ...context.limits, layers } })).toBeLessThan(1e-4);
  });
}

test('half floats suffice, at their precision', async () => {
  const difference = await differenceOn({ format: 'RGBA16F', texelBytes: 8 });
  expect(difference).toBeGreaterThan(1e-5);
  expect(difference).toBeLessThan(1e-2);
});

/** Simulates a tiled GPU that refuses draws with more bytes per pixel than its tile memory holds. Only the draw call
 * gives an error. */
async function withTileMemory<T>(maxBytesPerPixel: number, work: () => Promise<T>): Promise<T> {
  const { texStorage3D, drawBuffers, drawArrays, getError } = WebGL2RenderingContext.prototype;
  const bytes = new WeakMap<object, number>();
  let texel = 0;
  let refused = false;
  Object.assign(WebGL2RenderingContext.prototype, {
    texStorage3D(this: WebGL2RenderingContext, ...args: Parameters<typeof texStorage3D>) {
      texel = args[2] === this.RGBA32F ? 16 : 8;
      texStorage3D.apply(this, args);
    },
    drawBuffers(this: WebGL2RenderingContext, buffers: number[]) {
      bytes.set(this.getParameter(this.FRAMEBUFFER_BINDING), texel * buffers.length);
      drawBuffers.call(this, buffers);
    },
    drawArrays(this: WebGL2RenderingContext, ...args: Parameters<typeof drawArrays>) {
      const framebuffer = this.getParameter(this.FRAMEBUFFER_BINDING);
      if (framebuffer && (bytes.get(framebuffer) ?? 0) > maxBytesPerPixel) refused = true;
      else drawArrays.apply(this, args);
    },
    getError(this: WebGL2RenderingContext) {
      const error = refused ? this.INVALID_OPERATION : getError.call(this);
      refused = false;
      return error;
    },
  });
  try {
    return await work();
  } finally {
    Object.assign(WebGL2RenderingContext.prototype, { texStorage3D, drawBuffers, drawArrays, getError });
  }
}

for (const [maxBytesPerPixel, format, layers] of [
  [64, 'RGBA32F', 4],
  [32, 'RGBA16F', 4],
  [16, 'RGBA16F', 2],
] as const) {
  test(`${maxBytesPerPixel} bytes per pixel suffice`, async () => {
    await withTileMemory(maxBytesPerPixel, async () => {
      const small = await openContext(null);
      expect([small.format, small.limits.layers]).toEqual([format, layers]);
      const { painting = new Float32Array() } = await runOnWebgl2(plan, small, { image, ...live });
      const difference = largestDifference(painting, expected);
      expect(difference).toBeLessThan(format === 'RGBA32F' ? 1e-4 : 1e-2);
      small.gl.getExtension('WEBGL_lose_context')?.loseContext();
    });
  });
}

/** Simulates a GPU that draws into halves alone. */
async function withoutFloat32<T>(work: () => Promise<T>): Promise<T> {
  const { getExtension } = WebGL2RenderingContext.prototype;
  Object.assign(WebGL2RenderingContext.prototype, {
    getExtension(this: WebGL2RenderingContext, name: string) {
      return name === 'EXT_color_buffer_float' ? null : Reflect.apply(getExtension, this, [name]);
    },
  });
  try {
    return await work();
  } finally {
    Object.assign(WebGL2RenderingContext.prototype, { getExtension });
  }
}

/** The painting of a picture in one colour, from a look's own canvas. */
async function paintingOf(name: string): Promise<Uint8ClampedArray> {
  const canvas = new OffscreenCanvas(1, 1);
  const look = await readLook(await fetchBytes(`${name}.onnx`));
  const painter = await createPainter(look, { backend: 'webgl2', canvas, upkeep: false });
  const source = new OffscreenCanvas(64, 64);
  const drawn = source.getContext('2d');
  if (drawn) drawn.fillStyle = '#c08040';
  drawn?.fillRect(0, 0, 64, 64);
  for (let frame = 0; frame < 3; frame++) painter.paint(source);
  const shown = new OffscreenCanvas(64, 64).getContext('2d');
  shown?.drawImage(canvas, 0, 0);
  painter.destroy();
  return shown?.getImageData(0, 0, 64, 64).data ?? new Uint8ClampedArray();
}

test('without 32-bit floats a dream is refused, and other looks paint', async () => {
  await withoutFloat32(async () => {
    expect((await paintingOf(NAME)).length).toBe(4 * 64 * 64);
    const refused = paintingOf('dream-look');
    await expect(refused).rejects.toThrow(EngineError);
    await expect(refused).rejects.toThrow(/^WebGL2 cannot draw into textures of 32-bit floats here/);
  });
});

test('a GPU whose draws fill more layers of halves gives a dream 32-bit floats', async () => {
  const usual = await paintingOf('dream-look');
  const painted = await withTileMemory(32, () => paintingOf('dream-look'));
  expect(new Set(usual).size).toBeGreaterThan(2);
  const difference = Math.max(...painted.map((value, i) => Math.abs(value - (usual[i] ?? 0))));
  expect(difference).toBeLessThanOrEqual(1);
});

// The last two networks multiply their pictures by 255 themselves.
for (const [name, brightness, dims] of [
  ['style-transfer', 255, { batch: 2, channels: 3, height: 40, width: 64 }],
  ['resnet-generator', 255, { batch: 1, channels: 3, height: 64, width: 64 }],
  ['fast-neural-style', 1, { batch: 1, channels: 3, height: 48, width: 32 }],
  ['group-operator', 1, { batch: 1, channels: 3, height: 10, width: 14 }],
] as const) {
  test(`${name} on pictures of 0 to 255: half floats suffice for its normalizations`, async () => {
    const { plan: network } = await readModel(await fetchBytes(`${name}.onnx`), { dims });
    const picture = (await fetchFloats(`${name}.input`)).map(value => value * brightness);
    const { out: exact = new Float32Array() } = await runOnWebgl2(network, context, { image: picture });
    const halves: Partial<Context> = { format: 'RGBA16F', texelBytes: 8 };
    const { out = new Float32Array() } = await runOnWebgl2(
      network,
      { ...context, ...halves },
      { image: picture },
    );
    const range = Math.max(...exact) - Math.min(...exact);
    console.log(name, 'half minus single', largestDifference(out, exact), 'in a range of', range);
    expect(largestDifference(out, exact)).toBeLessThan(0.02 * range);
  });
}

test('inputs far outside the range of a picture do not give NaN', async () => {
  for (const scale of [1e4, -1e4]) {
    const { painting = new Float32Array([Number.NaN]) } = await runOnWebgl2(plan, context, {
      image: image.map(value => value * scale),
      ...live,
    });
    expect(painting.every(Number.isFinite)).toBe(true);
  }
});

test('the error for a tensor that is too large names it', async () => {
  const refused = differenceOn({ limits: { ...context.limits, textureSize: 16 } });
  await expect(refused).rejects.toThrow(EngineError);
  await expect(refused).rejects.toThrow(
    /^Tensor '.+' needs a texture of \d+ x \d+; this GPU allows 16 a side\.$/,
  );
});

test('a side may be as long as a texture, and a row eight times that', async () => {
  const { textureSize } = context.limits;
  const on = async (...shape: number[]) => {
    const graph = graphOf({
      nodes: [node('Relu', ['x'], ['y'], {})],
      inputs: [value('x', shape)],
      outputs: [value('y', shape)],
    });
    const x = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7) - 3);
    const { y } = await runOnWebgl2((await readModel(model(graph))).plan, context, { x });
    expect(y).toEqual(x.map(value => Math.max(value, 0)));
  };
  await on(1, textureSize, 2);
  await on(1, 2, 8 * textureSize);
  await expect(on(1, textureSize + 1, 2)).rejects.toThrow(
    `Tensor 'x' needs a texture of 1 x ${textureSize + 1}; this GPU allows ${textureSize} a side.`,
  );
  await expect(on(1, 2, 8 * textureSize + 8)).rejects.toThrow(
    `Tensor 'x' needs a texture of ${textureSize + 1} x 2; this GPU allows ${textureSize} a side.`,
  );
});

for (const [limit, sentence] of [
  ['units', /^Node '.+' reads \d+ textures at once; this GPU allows 1\.$/],
  ['uniforms', /^Node '.+' is given \d+ uniforms; this GPU allows 1\.$/],
] as const) {
  test(`a GPU with too few ${limit} per draw is refused`, async () => {
    const refused = differenceOn({ limits: { ...context.limits, [limit]: 1 } });
    await expect(refused).rejects.toThrow(EngineError);
    await expect(refused).rejects.toThrow(sentence);
  });
}

test('the error for constants that do not fit into a texture names them', async () => {
  const shape = [1, 512, 1, 1];
  const graph = graphOf({
    nodes: [node('Add', ['x', 'offsets'], ['y'], {})],
    constants: [tensor('offsets', shape, new Float32Array(512).fill(2))],
    inputs: [value('x', shape)],
    outputs: [value('y', shape)],
  });
  const { plan: wide } = await readModel(model(graph));
  const on = (textureSize: number) =>
    runOnWebgl2(
      wide,
      { ...context, limits: { ...context.limits, textureSize } },
      { x: new Float32Array(512) },
    );
  expect((await on(128)).y).toEqual(new Float32Array(512).fill(2));
  await expect(on(64)).rejects.toThrow(
    /^Constants of '.+' need a texture of 128 x 1; this GPU allows 64 a side\.$/,
  );
});

test('the limits are those of the context', () => {
  const { gl, limits } = context;
  expect(limits.units).toBe(gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS));
  expect(limits.uniforms).toBe(gl.getParameter(gl.MAX_FRAGMENT_UNIFORM_VECTORS));
  expect(limits.textureSize).toBeLessThanOrEqual(gl.getParameter(gl.MAX_TEXTURE_SIZE));
});
