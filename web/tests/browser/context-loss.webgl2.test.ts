// What a WebGL2 painter does as its context is lost, and what it leaves behind as it is destroyed.

import { expect, test } from 'vitest';
import type { BackendSettings, Painter } from '../../engine/painter.ts';
import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { callsOf } from '../calls.ts';
import { colourDistance, look, loseContext, pixels, restoreOnceAwaited, scene } from '../scene.ts';

const GL = WebGL2RenderingContext;
const drawsOf = (work: () => void): number =>
  callsOf({ draws: [GL, 'drawArrays'] }, ['drawArrays'], work).draws;

const onLost = (reason: string): never => {
  throw new Error(reason);
};
const painterOf = async (name: string, settings: Partial<BackendSettings> = {}): Promise<Painter> =>
  createWebgl2Painter(await look(name), { canvas: new OffscreenCanvas(1, 1), onLost, ...settings });

test('a context loss is reported once, further painting does nothing, and a new painter can use the canvas', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const reasons: string[] = [];
  const painter = await painterOf('lean-64-uint16-colour', {
    canvas,
    onLost: reason => reasons.push(reason),
  });
  const source = scene();
  painter.paint(source);
  const before = pixels(canvas)(20, 20);
  const loss = await loseContext(canvas);
  expect(reasons).toHaveLength(1);
  expect(drawsOf(() => painter.paint(source))).toBe(0);
  await painter.finished();
  await expect(painter.run({})).rejects.toThrow('context was lost');
  painter.destroy();
  restoreOnceAwaited(canvas, loss);
  const again = await painterOf('lean-64-uint16-colour', { canvas });
  again.paint(source);
  expect(colourDistance(pixels(canvas)(20, 20), before)).toBeLessThan(2);
  again.destroy();
  expect(reasons).toHaveLength(1);
});

test('a run throws if its context is lost, instead of returning zeros', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await painterOf('lean-64-uint16-colour', { canvas, onLost: () => undefined });
  const image = new Float32Array(3 * 4096).fill(0.5);
  await painter.run({ image });
  const loss = canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context');
  loss?.loseContext();
  await expect(painter.run({ image })).rejects.toThrow('context was lost');
  painter.destroy();
});

for (const [when, lastLink] of [
  ['its limits are read', 1],
  ['its programs are linked', 3],
] as const) {
  test(`a context that is lost while ${when} can be restored`, async () => {
    const canvas = new OffscreenCanvas(1, 1);
    const loss = canvas.getContext('webgl2', { alpha: false })?.getExtension('WEBGL_lose_context');
    const lostEvent = new Promise(resolve =>
      canvas.addEventListener('webglcontextlost', resolve, { once: true }),
    );
    const { linkProgram } = GL.prototype;
    let links = 0;
    GL.prototype.linkProgram = function (this: WebGL2RenderingContext, program: WebGLProgram) {
      linkProgram.call(this, program);
      if (++links === lastLink) loss?.loseContext();
    };
    const making = painterOf('lean-64-uint16-colour', { canvas });
    await expect(making.finally(() => Object.assign(GL.prototype, { linkProgram }))).rejects.toThrow(
      'was lost',
    );
    // The context may be restored only in a task after this event.
    await lostEvent;
    await new Promise(resolve => setTimeout(resolve));
    if (loss) restoreOnceAwaited(canvas, loss);
    const painter = await painterOf('lean-64-uint16-colour', { canvas });
    painter.paint(scene());
    expect(canvas.getContext('webgl2')?.isContextLost()).toBe(false);
    painter.destroy();
  });
}

test('a cancelled painter does not change the canvas, even if its context is lost', async () => {
  const refused = 'destroyed while it was made';
  const canvas = new OffscreenCanvas(7, 7);
  canvas.getContext('webgl2', { alpha: false });
  await expect(painterOf('lean-64-uint16-colour', { canvas, isCancelled: () => true })).rejects.toThrow(
    refused,
  );
  // It may be cancelled until everything is made.
  let checks = 0;
  const isCancelled = () => ++checks >= 2;
  await expect(painterOf('lean-64-uint16-colour', { canvas, isCancelled })).rejects.toThrow(refused);
  restoreOnceAwaited(canvas, await loseContext(canvas));
  await expect(painterOf('lean-64-uint16-colour', { canvas, isCancelled: () => true })).rejects.toThrow(
    refused,
  );
  expect([canvas.width, canvas.height]).toEqual([7, 7]);
});

test('destroyed painters leave no GL objects behind, even if two use the same canvas in turn', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const made = new Set<unknown>();
  const kinds = ['Texture', 'Framebuffer', 'Program', 'Shader', 'Buffer'];
  const restore = kinds.flatMap(kind =>
    ([`create${kind}`, `delete${kind}`] as const).map(method => {
      const original: unknown = Reflect.get(GL.prototype, method);
      if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
      Reflect.set(GL.prototype, method, function (this: unknown, ...args: unknown[]) {
        const result: unknown = Reflect.apply(original, this, args);
        if (method.startsWith('create')) made.add(result);
        else made.delete(args[0]);
        return result;
      });
      return () => Reflect.set(GL.prototype, method, original);
    }),
  );
  try {
    for (let i = 0; i < 2; i++) {
      const painter = await painterOf('lean-64-uint16-colour', { canvas });
      painter.paint(scene());
      await painter.finished();
      expect(made.size).toBeGreaterThan(20);
      painter.destroy();
      expect(made.size).toBe(0);
    }
  } finally {
    for (const undo of restore) undo();
  }
});
