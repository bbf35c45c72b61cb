// State on both backends: a hundred runs as in ONNX Runtime, frames that advance it, saving and restoring, and what must
// not touch it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Backend, createPainter, type Look, type Painter, readLook } from '../../engine/index.ts';
import type { BackendPainter, Precision } from '../../engine/painter.ts';
import { diagnose } from '../../engine/recovery/probe.ts';
import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { createWebgpuPainter } from '../../engine/webgpu/painter.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { excess, largestDifference } from '../compare.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { trackGpuMemory } from '../gpu-memory.ts';
import { graphOf, message, model, node, tensor, text, value } from '../onnx.ts';
import { colourDistance, loseContext, pixels } from '../scene.ts';
import { pictureOf, type StateCases, splitOutputs } from '../state.ts';
import { tinyLook } from '../tiny.ts';

const [HEIGHT, WIDTH] = [24, 32];
const cases: StateCases = await (await fetch('/state.json')).json();
const images = await fetchFloats('state.images');
const lookOf = async (name: string): Promise<Look> => readLook(await fetchBytes(`${name}.onnx`));

let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice();
});
afterAll(() => device.destroy());

/** The largest difference from ONNX Runtime in the runs that were written. */
async function compareRuns(look: StateCases['looks'][number], painter: Painter): Promise<number> {
  let worst = 0;
  for (let run = 0; run < cases.runs; run++) {
    const made = await painter.run({ image: pictureOf(images, cases, run) });
    if (!cases.kept.includes(run)) continue;
    for (const [name, expected] of splitOutputs(await fetchFloats(`${look.name}.${run}`), look))
      worst = Math.max(worst, largestDifference(made[name] ?? new Float32Array(), expected));
  }
  return worst;
}

/** Of float16 on states that forget, so that roundings do not add up; and on one that is multiplied by 0.999 at each run,
 * which halves round to one of their neighbours each time. */
const HALF_TOLERANCE = 1e-3;
const DRIFT_TOLERANCE = 0.05;

const BACKENDS: readonly (readonly [Backend, Precision, number])[] = [
  ['webgpu', 'float32', 1e-4],
  ['webgpu', 'float16', HALF_TOLERANCE],
  ['webgl2', 'float32', 1e-4],
];

describe.each(BACKENDS)('%s in %s', (backend, precision, tolerance) => {
  test.each(cases.looks)(`$name: ${cases.runs} runs are those of ONNX Runtime`, async look => {
    const painter = await createPainter(await lookOf(look.name), { backend, precision, upkeep: false });
    const worst = await compareRuns(look, painter);
    console.log(look.name, backend, precision, worst);
    painter.destroy();
    const adds = precision === 'float16' && look.name === 'state-mixing';
    expect(worst).toBeLessThan(adds ? DRIFT_TOLERANCE : tolerance);
  });
});

/** A picture of opaque pixels, and the same as `run` takes it. */
function makePicture(seed: number): { source: OffscreenCanvas; image: Float32Array } {
  const source = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = source.getContext('2d');
  if (!context) throw new Error('no 2-D canvas');
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      context.fillStyle = `rgb(${(x * 7 + seed * 40) % 256} ${(y * 9 + seed * 60) % 256} ${(x * y + seed) % 256})`;
      context.fillRect(x, y, 1, 1);
    }
  }
  const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
  const area = WIDTH * HEIGHT;
  const image = Float32Array.from(
    { length: 3 * area },
    (_, i) => (data[(i % area) * 4 + Math.floor(i / area)] ?? 0) / 255,
  );
  return { source, image };
}

const stateOf = (painter: Painter) => painter.run({}, { state: 'only' });

/** Whether both have the same tensors, to a rounding. */
function expectSame(a: Record<string, Float32Array>, b: Record<string, Float32Array>): void {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  for (const [name, values] of Object.entries(a))
    expect(excess(values, b[name] ?? new Float32Array(), 1e-4, 1e-4), name).toBeLessThanOrEqual(0);
}

describe.each(['webgpu', 'webgl2'] as const)('%s', backend => {
  const make = (look: Look, canvas?: OffscreenCanvas): Promise<Painter> =>
    createPainter(look, { backend, precision: 'float32', upkeep: false, ...(canvas ? { canvas } : {}) });

  const makeBackend = (look: Look): Promise<BackendPainter> => {
    const settings = { canvas: new OffscreenCanvas(1, 1), onLost: () => undefined, tune: false } as const;
    return backend === 'webgpu'
      ? createWebgpuPainter(look, { ...settings, precision: 'float32' }, device)
      : createWebgl2Painter(look, settings);
  };

  test.each(cases.looks)(
    '$name: frames advance the state as runs do, with and without the guide',
    async ({ name }) => {
      const look = await lookOf(name);
      const canvas = new OffscreenCanvas(1, 1);
      const [painter, runner] = [await make(look, canvas), await make(look)];
      for (let frame = 0; frame < 6; frame++) {
        const { source, image } = makePicture(frame);
        if (frame === 3 && look.plan.guide) painter.attachGuide(new OffscreenCanvas(1, 1));
        painter.paint(source);
        const at = pixels(canvas);
        const { painting = new Float32Array() } = await runner.run({ image });
        for (const [x, y] of [
          [0, 0],
          [17, 5],
          [31, 23],
        ] as const) {
          const expected = [0, 1, 2].map(c => {
            const value = painting[(c * HEIGHT + y) * WIDTH + x] ?? 0;
            return Math.min(Math.max(value, 0), 1) * 255;
          });
          expect(colourDistance(at(x, y), expected)).toBeLessThan(2);
        }
        // The guide is shown once its kernel is compiled.
        if (frame === 3) await new Promise(resolve => setTimeout(resolve, 300));
      }
      expectSame(await stateOf(painter), await stateOf(runner));
      painter.destroy();
      runner.destroy();
    },
  );

  test('two painters of one look do not share its state', async () => {
    const look = await lookOf('state-mixing');
    const [one, other] = [await make(look), await make(look)];
    const { image } = makePicture(1);
    await one.run({ image });
    await one.run({ image });
    await other.run({ image });
    expect((await stateOf(one)).count).toEqual(Float32Array.of(2));
    expect((await stateOf(other)).count).toEqual(Float32Array.of(1));
    one.destroy();
    other.destroy();
  });

  test('a state that is saved and restored goes on to the same values', async () => {
    const look = await lookOf('state-mixing');
    const painter = await make(look);
    const { image } = makePicture(2);
    for (let run = 0; run < 3; run++) await painter.run({ image });
    const saved = await stateOf(painter);
    expect(Object.keys(saved)).toEqual(['last', 'count', 'five', 'drift']);
    const expected = [await painter.run({ image }), await painter.run({ image })];
    expect(await painter.run(saved, { state: 'only' })).toEqual(saved);
    expect([await painter.run({ image }), await painter.run({ image })]).toEqual(expected);
    const other = await make(look);
    expect(await other.run(saved, { state: 'only', read: false })).toEqual({});
    expect([await other.run({ image }), await other.run({ image })]).toEqual(expected);
    const anew = await make(look);
    expect(await other.run({}, { state: 'reset' })).toEqual(await stateOf(anew));
    expect(await other.run({ image })).toEqual(await anew.run({ image }));
    expect((await stateOf(anew)).drift?.[1]).toBeCloseTo(0.95 * 0.999, 6);
    const { count } = saved;
    const mostlyAnew = await other.run(count ? { count } : {}, { state: 'reset' });
    expect([mostlyAnew.count?.[0], mostlyAnew.drift?.[1]]).toEqual([3, Math.fround(0.95)]);
    for (const one of [painter, other, anew]) one.destroy();
  });

  test('a run may be given a state, and values that are no state are refused', async () => {
    const painter = await make(await lookOf('state-mixing'));
    const { image } = makePicture(3);
    await painter.run({ image });
    const { count_next } = await painter.run({ image, count: Float32Array.of(40) });
    expect(count_next).toEqual(Float32Array.of(41));
    expect((await painter.run({})).count_next).toEqual(Float32Array.of(42));
    await painter.run({}, { read: false });
    expect((await stateOf(painter)).count).toEqual(Float32Array.of(43));
    await expect(painter.run({ image }, { state: 'only' })).rejects.toThrow(
      "This look has no state 'image'; it has 'last', 'count', 'five', 'drift'.",
    );
    await expect(painter.run({ count: new Float32Array(2) }, { state: 'only' })).rejects.toThrow(
      "The state 'count' needs 1 numbers and got 2.",
    );
    expect((await stateOf(painter)).count).toEqual(Float32Array.of(43));
    painter.destroy();
  });

  test('the health check neither advances nor disturbs it', async () => {
    const look = await lookOf('state-smoothed-guide');
    const painter = await makeBackend(look);
    const { source } = makePicture(4);
    painter.paint(source);
    const before = await stateOf(painter);
    expect(before.seen?.some(value => value > 0)).toBe(true);
    await painter.probe();
    expect(await stateOf(painter)).toEqual(before);
    painter.destroy();
  });

  test('the health check finds a state that became infinite', async () => {
    const picture = [1, 3, HEIGHT, WIDTH];
    const graph = graphOf({
      nodes: [
        node('Add', ['image', 'x'], ['painting'], {}),
        node('Mul', ['x', 'much'], ['product'], {}),
        node('Add', ['product', 'image'], ['x_next'], {}),
      ],
      constants: [tensor('much', [1], Float32Array.of(1e30))],
      inputs: [value('image', picture), value('x', picture)],
      outputs: [value('painting', picture), value('x_next', picture)],
    });
    const property = message(14, [...text(1, 'limner.state'), ...text(2, '{"x": "x_next"}')]);
    const painter = await makeBackend(await readLook(Uint8Array.from([...model(graph), ...property])));
    const { source } = makePicture(1);
    painter.paint(source);
    expect(await diagnose(painter)).toBeNull();
    for (let frame = 0; frame < 3; frame++) painter.paint(source);
    expect(await diagnose(painter)).toMatch(/NaN/);
    painter.destroy();
  });

  test('a look without memory has none', async () => {
    const painter = await make(await readLook(tinyLook()));
    expect(await stateOf(painter)).toEqual({});
    await expect(painter.run({ a: new Float32Array(1) }, { state: 'reset' })).rejects.toThrow(
      "no state 'a'; it has none",
    );
    painter.destroy();
  });
});

test('on WebGPU a frame with state creates nothing but what every frame does, and reads nothing back', async () => {
  const look = await lookOf('state-mixing');
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, { backend: 'webgpu', canvas, upkeep: false });
  const { source } = makePicture(5);
  for (let frame = 0; frame < 2; frame++) painter.paint(source);
  await painter.finished();
  const memory = trackGpuMemory();
  for (let frame = 0; frame < 20; frame++) painter.paint(source);
  await painter.finished();
  memory.close();
  expect([memory.maps, memory.peakBytes, memory.pipelines]).toEqual([0, 0, []]);
  painter.destroy();
});

test('after a lost GPU the state begins anew', async () => {
  const devices: GPUDevice[] = [];
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const made = await request.apply(this, args);
    devices.push(made);
    return made;
  };
  const revived: number[] = [];
  const canvas = new OffscreenCanvas(1, 1);
  const options = { canvas, upkeep: false, onRevived: (ms: number) => revived.push(ms) } as const;
  const painter = await createPainter(await lookOf('state-mixing'), { ...options, backend: 'webgpu' });
  const { image } = makePicture(6);
  for (let run = 0; run < 3; run++) await painter.run({ image });
  devices[0]?.destroy();
  await expect.poll(() => revived.length).toBe(1);
  GPUAdapter.prototype.requestDevice = request;
  expect((await stateOf(painter)).count).toEqual(Float32Array.of(0));
  expect((await painter.run({ image })).count_next).toEqual(Float32Array.of(1));
  painter.destroy();
});

test('after a lost WebGL2 context the state begins anew', async () => {
  const revived: number[] = [];
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(await lookOf('state-mixing'), {
    canvas,
    upkeep: false,
    backend: 'webgl2',
    onRevived: ms => revived.push(ms),
  });
  const { source, image } = makePicture(7);
  painter.paint(source);
  painter.paint(source);
  expect((await stateOf(painter)).count).toEqual(Float32Array.of(2));
  const loss = await loseContext(canvas);
  loss.restoreContext();
  await expect.poll(() => revived.length).toBe(1);
  // The last picture was painted again.
  expect((await painter.run({ image })).count_next).toEqual(Float32Array.of(2));
  painter.destroy();
});
