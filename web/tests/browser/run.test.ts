// `run` on both backends: inputs that are kept between runs, and results that stay on the GPU.

import { afterAll, expect, test } from 'vitest';
import { type Backend, createPainter, type Painter } from '../../engine/index.ts';
import { trackGpuMemory } from '../gpu-memory.ts';
import { look } from '../scene.ts';

const NAME = 'lean-64-uint16-colour';
const BACKENDS: readonly Backend[] = ['webgpu', 'webgl2'];

const painterOn = (backend: Backend): Painter => {
  const painter = painters.get(backend);
  if (!painter) throw new Error(`There is no painter on ${backend}.`);
  return painter;
};

const image = new Float32Array(await (await fetch(`/${NAME}.image`)).arrayBuffer());
const painters = new Map<Backend, Painter>();
afterAll(() => {
  for (const painter of painters.values()) painter.destroy();
});

for (const backend of BACKENDS) {
  test(`${backend}: an omitted input keeps its value of the last run`, async () => {
    const painter = await createPainter(await look(NAME), { backend, precision: 'float32', upkeep: false });
    painters.set(backend, painter);
    await expect(painter.run({})).rejects.toThrow("Input 'image' needs 12288 numbers and got none.");
    const first = await painter.run({ image });
    expect(await painter.run({})).toEqual(first);
    const other = await painter.run({ image: image.map(value => 1 - value) });
    expect(other.painting).not.toEqual(first.painting);
    expect(await painter.run({})).toEqual(other);
    await expect(painter.run({ picture: image })).rejects.toThrow(
      "no input 'picture'; there are: image, bright",
    );
    await expect(painter.run({ image: image.slice(1) })).rejects.toThrow(
      'needs 12288 numbers and got 12287.',
    );
  });

  test(`${backend}: values of live inputs apply to one run only`, async () => {
    const painter = painterOn(backend);
    const plain = await painter.run({ image });
    const brighter = await painter.run({ brightness: Float32Array.of(0.3) });
    expect(brighter.guide).not.toEqual(plain.guide);
    expect(await painter.run({})).toEqual(plain);
  });

  test(`${backend}: a run without a readback returns nothing, and keeps its inputs`, async () => {
    const painter = painterOn(backend);
    const read = await painter.run({ image });
    await painter.run({ image: image.map(value => 1 - value) });
    expect(await painter.run({ image }, { read: false })).toEqual({});
    expect(await painter.run({})).toEqual(read);
  });
}

test('webgpu: a run without a readback makes the same calls as painting, and maps no buffer', async () => {
  const painter = painterOn('webgpu');
  await painter.run({ image }, { read: false });
  const calls: string[] = [];
  const record = (owner: { readonly prototype: object }, method: string) =>
    hook(owner, method, () => calls.push(method));
  const restore = [
    record(GPUComputePassEncoder, 'dispatchWorkgroups'),
    record(GPUQueue, 'submit'),
    record(GPUQueue, 'writeBuffer'),
    record(GPUDevice, 'createBindGroup'),
  ];
  const memory = trackGpuMemory();
  await painter.run({}, { read: false });
  memory.close();
  for (const undo of restore) undo();
  const { dispatches } = painter.statistics;
  expect(calls).toEqual([...Array<string>(dispatches).fill('dispatchWorkgroups'), 'submit']);
  expect([memory.maps, memory.peakBytes, memory.pipelines]).toEqual([0, 0, []]);
});

/** Calls `onCall` at every call of a method; returns a function that ends this. */
function hook({ prototype }: { readonly prototype: object }, method: string, onCall: () => void): () => void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
  Reflect.set(prototype, method, function (this: unknown, ...args: unknown[]) {
    onCall();
    return Reflect.apply(original, this, args);
  });
  return () => Reflect.set(prototype, method, original);
}
