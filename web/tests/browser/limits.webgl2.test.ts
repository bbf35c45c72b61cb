// WebGL2 where a GPU can do less than the one at hand: fewer draw buffers, half floats alone, no textures of
// the size that a tensor needs.

import { afterAll, expect, test } from 'vitest';
import { EngineError, readLook, readModel } from '../../engine/index.ts';
import { type Context, openContext } from '../../engine/webgl2/runtime/context.ts';
import { largestDifference } from '../compare.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';
import { runOnWebgl2 } from '../run-graph.ts';

const bytes = async (file: string) => new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());
const floats = async (file: string) => new Float32Array((await bytes(file)).buffer);

const NAME = 'lean-64-uint16-colour';
const { plan } = await readLook(await bytes(`${NAME}.onnx`));
const image = await floats(`${NAME}.image`);
const expected = await floats(`${NAME}.painting`);
const live = { brightness: Float32Array.of(0.05), contrast: Float32Array.of(1.2) };

const context = await openContext(null);
afterAll(() => context.gl.getExtension('WEBGL_lose_context')?.loseContext());

async function differenceOn(lesser: Partial<Context>): Promise<number> {
  const { painting } = await runOnWebgl2(plan, { ...context, ...lesser }, { image, ...live });
  return largestDifference(painting ?? new Float32Array(), expected);
}

for (const layers of [1, 2, 4]) {
  test(`${layers} draw buffers are enough`, async () => {
    expect(await differenceOn({ limits: { ...context.limits, layers } })).toBeLessThan(1e-4);
  });
}

test('half floats are enough, at their accuracy', async () => {
  const difference = await differenceOn({ format: 'RGBA16F', texelBytes: 8 });
  expect(difference).toBeGreaterThan(1e-5);
  expect(difference).toBeLessThan(1e-2);
});

/** WebGL2 whose GPU refuses draws into more bytes of a pixel, as tile memory makes it: only the draw says so. */
async function withTileMemory<T>(most: number, work: () => Promise<T>): Promise<T> {
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
      if (framebuffer && (bytes.get(framebuffer) ?? 0) > most) refused = true;
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

for (const [most, format, layers] of [
  [64, 'RGBA32F', 4],
  [32, 'RGBA16F', 4],
  [16, 'RGBA16F', 2],
] as const) {
  test(`${most} bytes of a pixel are enough`, async () => {
    await withTileMemory(most, async () => {
      const small = await openContext(null);
      expect([small.format, small.limits.layers]).toEqual([format, layers]);
      const { painting = new Float32Array() } = await runOnWebgl2(plan, small, { image, ...live });
      const difference = largestDifference(painting, expected);
      expect(difference).toBeLessThan(format === 'RGBA32F' ? 1e-4 : 1e-2);
      small.gl.getExtension('WEBGL_lose_context')?.loseContext();
    });
  });
}

for (const [name, dims] of [
  ['style-transfer', { batch: 2, channels: 3, height: 40, width: 64 }],
  ['resnet-generator', { batch: 1, channels: 3, height: 64, width: 64 }],
] as const) {
  test(`${name} on pictures of 0 to 255: half floats are enough for its normalisations`, async () => {
    const { plan: network } = await readModel(await bytes(`${name}.onnx`), { dims });
    const picture = (await floats(`${name}.input`)).map(value => value * 255);
    const { out: exact = new Float32Array() } = await runOnWebgl2(network, context, { image: picture });
    const halves: Partial<Context> = { format: 'RGBA16F', texelBytes: 8 };
    const { out = new Float32Array() } = await runOnWebgl2(
      network,
      { ...context, ...halves },
      { image: picture },
    );
    const range = Math.max(...exact) - Math.min(...exact);
    console.log(name, 'half from single', largestDifference(out, exact), 'in a range of', range);
    expect(largestDifference(out, exact)).toBeLessThan(0.02 * range);
  });
}

test('numbers far beyond a picture give no NaN', async () => {
  for (const scale of [1e4, -1e4]) {
    const { painting = new Float32Array([Number.NaN]) } = await runOnWebgl2(plan, context, {
      image: image.map(value => value * scale),
      ...live,
    });
    expect(painting.every(Number.isFinite)).toBe(true);
  }
});

test('what does not fit is refused by name', async () => {
  const refused = differenceOn({ limits: { ...context.limits, textureSize: 16 } });
  await expect(refused).rejects.toThrow(EngineError);
  await expect(refused).rejects.toThrow(
    /^Tensor '.+' needs a texture of \d+ x \d+; this GPU allows 16 a side\.$/,
  );
});

for (const [limit, sentence] of [
  ['units', /^Node '.+' reads \d+ textures at once; this GPU allows 1\.$/],
  ['uniforms', /^Node '.+' is given \d+ uniforms; this GPU allows 1\.$/],
] as const) {
  test(`a GPU whose draws have too few ${limit} is told so`, async () => {
    const refused = differenceOn({ limits: { ...context.limits, [limit]: 1 } });
    await expect(refused).rejects.toThrow(EngineError);
    await expect(refused).rejects.toThrow(sentence);
  });
}

test('constants that do not fit into a texture are refused by name', async () => {
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

test('all limits are asked for', () => {
  const { gl, limits } = context;
  expect(limits.units).toBe(gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS));
  expect(limits.uniforms).toBe(gl.getParameter(gl.MAX_FRAGMENT_UNIFORM_VECTORS));
  expect(limits.textureSize).toBeLessThanOrEqual(gl.getParameter(gl.MAX_TEXTURE_SIZE));
});
