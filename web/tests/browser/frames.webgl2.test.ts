// The frame path on WebGL2: what the canvas shows, and how many calls of the API a frame makes.

import { expect, test } from 'vitest';
import { webgl2Available } from '../../engine/index.ts';
import type { BackendSettings, Painter } from '../../engine/painter.ts';
import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { callsOf } from '../calls.ts';
import { camera, colourDistance, expectCanvasAsRun, look, pixels, scene, untilGuide } from '../scene.ts';

const GL = WebGL2RenderingContext;
const HOOKED = {
  draws: [GL, 'drawArrays'],
  uploads: [GL, 'texImage2D'],
  partialUploads: [GL, 'texSubImage2D'],
  layerUploads: [GL, 'texSubImage3D'],
  reads: [GL, 'readPixels'],
  copies: [GL, 'copyTexSubImage2D'],
  textures: [GL, 'createTexture'],
  buffers: [GL, 'createBuffer'],
  framebuffers: [GL, 'createFramebuffer'],
  programs: [GL, 'createProgram'],
  fences: [GL, 'fenceSync'],
  waits: [GL, 'clientWaitSync'],
  parameters: [GL, 'getParameter'],
  errors: [GL, 'getError'],
  links: [GL, 'getProgramParameter'],
  finishes: [GL, 'finish'],
} as const;
const counting = (work: () => void) => callsOf(HOOKED, ['drawArrays'], work);

/** A frame may only upload the picture once and draw. */
const NO_OTHER_CALLS = {
  uploads: 1,
  partialUploads: 0,
  layerUploads: 0,
  reads: 0,
  copies: 0,
  textures: 0,
  buffers: 0,
  framebuffers: 0,
  programs: 0,
  fences: 0,
  waits: 0,
  parameters: 0,
  errors: 0,
  links: 0,
  finishes: 0,
};

const onLost = (reason: string): never => {
  throw new Error(reason);
};
const painterOf = async (name: string, settings: Partial<BackendSettings> = {}): Promise<Painter> =>
  createWebgl2Painter(await look(name), { canvas: new OffscreenCanvas(1, 1), onLost, ...settings });

test('a software renderer does not count as WebGL2, unless it is allowed', async () => {
  const plain = await webgl2Available();
  expect(plain.ok || plain.software).toBe(true);
  expect((await webgl2Available({ allowSoftware: true })).ok).toBe(true);
});

test('a canvas that is asked for WebGL2 keeps its context for the painter, if it is usable', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  expect((await webgl2Available({ allowSoftware: true, canvas })).ok).toBe(true);
  expect(canvas.getContext('webgl2')?.isContextLost()).toBe(false);
  const painter = await painterOf('lean-64-uint16-colour', { canvas });
  await expectCanvasAsRun(painter, canvas);
  painter.destroy();
  const other = new OffscreenCanvas(1, 1);
  const { ok } = await webgl2Available({ canvas: other }); // false on a software renderer
  expect(other.getContext('webgl2')?.isContextLost()).toBe(!ok);
});

test('each program between textures draws one texel as the painter is made, and none draws on the canvas', async () => {
  const { drawArrays } = GL.prototype;
  const warmed = new Map<unknown, number[]>();
  GL.prototype.drawArrays = function (...args: Parameters<typeof drawArrays>) {
    const [, , width, height] = this.getParameter(this.VIEWPORT);
    const program = this.getParameter(this.CURRENT_PROGRAM);
    expect(this.getParameter(this.FRAMEBUFFER_BINDING)).not.toBeNull();
    warmed.set(program, [...(warmed.get(program) ?? []), width, height]);
    drawArrays.apply(this, args);
  };
  const making = painterOf('lean-256-uint8-soft');
  const painter = await making.finally(() => Object.assign(GL.prototype, { drawArrays }));
  // Two programs do not: the one that reads the frame, and the one that draws on the canvas. The probe of the texture
  // format has one of its own.
  expect(warmed.size).toBe(painter.statistics.pipelines - 2 + 1);
  for (const sizes of warmed.values()) expect(sizes).toEqual([1, 1]);
  painter.destroy();
});

test('WebGL2 is found and used if only canvas elements support it, as in older Safari', async () => {
  const { getContext } = OffscreenCanvas.prototype;
  Object.assign(OffscreenCanvas.prototype, {
    getContext(this: OffscreenCanvas, kind: '2d', settings?: CanvasRenderingContext2DSettings) {
      return kind === '2d' ? Reflect.apply(getContext, this, [kind, settings]) : null;
    },
  });
  try {
    expect((await webgl2Available({ allowSoftware: true })).ok).toBe(true);
    const painter = await painterOf('lean-64-uint16-colour', { canvas: null });
    expect(Object.keys(await painter.run({ image: new Float32Array(3 * 4096) }))).toContain('painting');
    painter.destroy();
  } finally {
    Object.assign(OffscreenCanvas.prototype, { getContext });
  }
});

test('the guide shows the centre square, mirrored on request, for every kind of source', async () => {
  const [canvas, guide] = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
  const painter = await painterOf('lean-64-uint16-colour', { canvas });
  painter.attachGuide(guide);
  expect([canvas.width, canvas.height]).toEqual([64, 64]);
  const source = scene();
  const bitmap = await createImageBitmap(source);
  const frame = new VideoFrame(source, { timestamp: 0 });
  const video = await camera(source);
  await untilGuide(painter, source, guide);
  for (const [kind, from] of [
    ['canvas', source],
    ['bitmap', bitmap],
    ['frame', frame],
    ['video', video],
  ] as const) {
    for (const mirror of [false, true]) {
      painter.paint(from, { mirror });
      const at = pixels(guide);
      // Video frames may be converted to another colour space.
      const tolerance = kind === 'frame' || kind === 'video' ? 40 : 3;
      const [left, right] = mirror
        ? [
            [0, 0, 255],
            [255, 0, 0],
          ]
        : [
            [255, 0, 0],
            [0, 0, 255],
          ];
      expect(colourDistance(at(8, 32), left), `${kind} ${mirror}`).toBeLessThan(tolerance);
      expect(colourDistance(at(56, 32), right), `${kind} ${mirror}`).toBeLessThan(tolerance);
      expect(colourDistance(at(0, 0), left), `${kind} ${mirror}`).toBeLessThan(tolerance);
    }
  }
  frame.close();
  painter.destroy();
});

test('the canvas shows what run() gives for the same picture, the right way up', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await painterOf('lean-64-uint16-colour', { canvas });
  const source = new OffscreenCanvas(64, 64);
  const context = source.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  for (let i = 0; i < 64; i++) {
    context.fillStyle = `rgb(${i * 4} ${255 - i * 3} ${(i * 37) % 256})`;
    context.fillRect(0, i, 64 - i / 2, 1);
  }
  const { data } = context.getImageData(0, 0, 64, 64);
  const image = Float32Array.from(
    { length: 3 * 4096 },
    (_, i) => (data[(i % 4096) * 4 + Math.floor(i / 4096)] ?? 0) / 255,
  );
  const { painting = new Float32Array() } = await painter.run({ image });
  painter.paint(source);
  const at = pixels(canvas);
  for (let pixel = 0; pixel < 4096; pixel += 61) {
    const expected = [0, 1, 2].map(channel => (painting[channel * 4096 + pixel] ?? 0) * 255);
    expect(colourDistance(at(pixel % 64, Math.floor(pixel / 64)), expected)).toBeLessThan(2);
  }
  painter.destroy();
});

test('live inputs change the painting, are clamped to their range, and must exist', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await painterOf('lean-64-uint16-colour', { canvas });
  painter.paint(scene());
  const before = pixels(canvas)(20, 20);
  painter.set('brightness', 99);
  painter.paint(scene());
  expect(colourDistance(pixels(canvas)(20, 20), before)).toBeGreaterThan(0);
  expect(() => painter.set('warmth', 1)).toThrow("no live input 'warmth'");
  painter.destroy();
});

function filled(width: number, height: number, colour: string): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas;
}

test('pictures wider than the largest texture and transparent pictures keep their colours', async () => {
  const [canvas, guide] = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
  const painter = await painterOf('lean-64-uint16-colour', { canvas });
  painter.attachGuide(guide);
  await untilGuide(painter, scene(), guide);
  const gl = canvas.getContext('webgl2');
  const maxSide = Number(gl?.getParameter(GL.MAX_TEXTURE_SIZE));
  const half = filled(64, 64, 'rgb(255 0 0 / 50%)');
  for (const source of [filled(maxSide + 8, 64, 'red'), half, await createImageBitmap(half)]) {
    painter.paint(filled(64, 64, 'blue'));
    painter.paint(source);
    expect(colourDistance(pixels(guide)(32, 32), [255, 0, 0])).toBeLessThan(3);
    expect(gl?.getError()).toBe(GL.NO_ERROR);
  }
  painter.destroy();
});

test('the earlier GL state of a canvas does not change the painting', async () => {
  const paintedPixels = async (canvas: OffscreenCanvas) => {
    const painter = await painterOf('lean-64-uint16-colour', { canvas });
    painter.paint(scene());
    const at = pixels(canvas);
    painter.destroy();
    return [at(4, 4), at(32, 32), at(60, 60)];
  };
  const canvas = new OffscreenCanvas(1, 1);
  const gl = canvas.getContext('webgl2', { alpha: false });
  if (!gl) throw new Error('no WebGL2');
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE);
  gl.enable(gl.SCISSOR_TEST);
  gl.scissor(0, 0, 3, 3);
  gl.colorMask(false, true, true, true);
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, 1);
  gl.pixelStorei(gl.PACK_ROW_LENGTH, 7);
  gl.bindBuffer(gl.PIXEL_UNPACK_BUFFER, gl.createBuffer());
  expect(await paintedPixels(canvas)).toEqual(await paintedPixels(new OffscreenCanvas(1, 1)));
});

/** For each look: draws per frame, and the limit of bytes for activations. A layer has four times as many pixels at
 * 512 pixels as at 256. */
const FRAMES = [
  ['lean-256-uint8-soft', 20, 12e6],
  ['small-256-uint8-soft', 22, 12e6],
  ['medium-256-uint8-soft', 22, 12e6],
  ['large-256-uint8-soft', 22, 12e6],
  ['full-256-uint8-levels', 22, 12e6],
  ['lean-256-uint8-levels', 22, 12e6],
  ['lean-512-uint8-edges', 19, 25e6],
] as const;

for (const [name, draws, values] of FRAMES) {
  test(`${name}: a frame is ${draws} draws and one upload, and creates no resources`, async () => {
    const painter = await painterOf(name);
    const { dispatches, pipelines, bufferBytes } = painter.statistics;
    console.log(name, JSON.stringify(painter.statistics));
    expect(dispatches).toBe(draws);
    expect(pipelines).toBeLessThanOrEqual(14);
    const file = await (await fetch(`/${name}.onnx`)).arrayBuffer();
    expect(bufferBytes).toBeLessThan(1.1 * file.byteLength + values);
    const source = scene();
    const still = await createImageBitmap(source);
    for (const make of [() => new VideoFrame(source, { timestamp: 0 }), () => still]) {
      const next = make();
      expect(counting(() => painter.paint(next))).toEqual({ ...NO_OTHER_CALLS, draws });
      if (next !== still) next.close();
    }
    painter.set('brightness', 0.1);
    // A bitmap never changes, so it is not uploaded again.
    expect(counting(() => painter.paint(still))).toEqual({ ...NO_OTHER_CALLS, draws, uploads: 0 });
    expect(counting(() => painter.paint(source))).toEqual({ ...NO_OTHER_CALLS, draws });
    expect(counting(() => painter.paint(still))).toEqual({ ...NO_OTHER_CALLS, draws });
    painter.destroy();
  });
}

test('the guide adds one draw, and none when it is off', async () => {
  const painter = await painterOf('lean-64-uint16-colour');
  const guide = new OffscreenCanvas(1, 1);
  const source = scene();
  const draws = painter.statistics.dispatches;
  painter.attachGuide(guide);
  await untilGuide(painter, source, guide);
  expect(counting(() => painter.paint(source))).toEqual({ ...NO_OTHER_CALLS, draws: draws + 1 });
  painter.attachGuide(null);
  expect(counting(() => painter.paint(source))).toEqual({ ...NO_OTHER_CALLS, draws });
  painter.destroy();
});

test('a painting larger than the largest viewport is refused', async () => {
  const { getParameter } = GL.prototype;
  GL.prototype.getParameter = function (this: WebGL2RenderingContext, name: number): unknown {
    return name === GL.MAX_VIEWPORT_DIMS ? Int32Array.of(32, 32) : getParameter.call(this, name);
  };
  try {
    await expect(painterOf('lean-64-uint16-colour')).rejects.toThrow(
      'The painting is 64 x 64; this GPU allows 32 a side.',
    );
  } finally {
    GL.prototype.getParameter = getParameter;
  }
});
