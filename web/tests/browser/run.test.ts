// `run` on both backends: what is kept from run to run, and what is left on the GPU.

import { afterAll, expect, test } from 'vitest';
import { type Backend, createPainter, type Painter } from '../../engine/index.ts';
import { trackGpuMemory } from '../gpu-memory.ts';
import { look } from '../scene.ts';

const NAME = 'lean-64-uint16-colour';
const BACKENDS: readonly Backend[] = ['webgpu', 'webgl2'];

const made = (backend: Backend): Painter => {
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
  test(`${backend}: an input that is not given is as it was, once it has been given`, async () => {
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

  test(`${backend}: live inputs that are given are for one run`, async () => {
    const painter = made(backend);
    const plain = await painter.run({ image });
    const brighter = await painter.run({ brightness: Float32Array.of(0.3) });
    expect(brighter.guide).not.toEqual(plain.guide);
    expect(await painter.run({})).toEqual(plain);
  });

  test(`${backend}: a run that is not read gives nothing, and takes what it is given`, async () => {
    const painter = made(backend);
    const read = await painter.run({ image });
    await painter.run({ image: image.map(value => 1 - value) });
    expect(await painter.run({ image }, { read: false })).toEqual({});
    expect(await painter.run({})).toEqual(read);
  });
}

test('webgpu: a run that is not read asks for what painting asks for, and maps nothing', async () => {
  const painter = made('webgpu');
  await painter.run({ image }, { read: false });
  const asked: string[] = [];
  const count = (owner: { readonly prototype: object }, method: string) =>
    hook(owner, method, () => asked.push(method));
  const restore = [
    count(GPUComputePassEncoder, 'dispatchWorkgroups'),
    count(GPUQueue, 'submit'),
    count(GPUQueue, 'writeBuffer'),
    count(GPUDevice, 'createBindGroup'),
  ];
  const memory = trackGpuMemory();
  await painter.run({}, { read: false });
  memory.close();
  for (const undo of restore) undo();
  const { dispatches } = painter.statistics;
  expect(asked).toEqual([...Array<string>(dispatches).fill('dispatchWorkgroups'), 'submit']);
  expect([memory.maps, memory.peakBytes, memory.pipelines]).toEqual([0, 0, []]);
});

/** Has every call of a method seen; returns what ends it. */
function hook({ prototype }: { readonly prototype: object }, method: string, seen: () => void): () => void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is no method.`);
  Reflect.set(prototype, method, function (this: unknown, ...given: unknown[]) {
    seen();
    return Reflect.apply(original, this, given);
  });
  return () => Reflect.set(prototype, method, original);
}
