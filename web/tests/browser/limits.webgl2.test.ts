// WebGL2 where a GPU can do less than the one at hand: fewer draw buffers, half floats alone, no textures of
// the size that a tensor needs.

import { afterAll, expect, test } from 'vitest';
import { EngineError, readLook } from '../../engine/index.ts';
import { type Context, openContext } from '../../engine/webgl2/context.ts';
import { runGraph } from '../../engine/webgl2/network.ts';
import { largestDifference } from '../compare.ts';

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
  const { painting } = await runGraph(plan, { ...context, ...lesser }, { image, ...live });
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

test('numbers far beyond a picture give no NaN', async () => {
  for (const scale of [1e4, -1e4]) {
    const { painting = new Float32Array([Number.NaN]) } = await runGraph(plan, context, {
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
