// Looks with filters in their graph on both backends: frames as in ONNX Runtime, and what a frame costs.

import { expect, test } from 'vitest';
import { type Backend, createPainter, type Look, readLook } from '../../engine/index.ts';
import { withFilters } from '../../engine/onnx/filters.ts';
import { largestDifference } from '../compare.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { type FilterCases, liveOf } from '../filters.ts';
import { trackGpuMemory } from '../gpu-memory.ts';

const cases: FilterCases = await (await fetch('/filters.json')).json();
const images = await fetchFloats('filters.images');
/** These have all filters among them; Node's tests have more. */
const SHOWN = ['soft-stillness', 'soft-guide', 'colour-all'];
const shown = cases.cases.filter(({ name }) => SHOWN.includes(name));
const lookOf = async (guide: string, names: readonly string[]): Promise<Look> =>
  readLook(withFilters(await fetchBytes(`filters-${guide}.onnx`), names));

test.each(
  (['webgpu', 'webgl2'] as const).flatMap(backend => shown.map(one => ({ backend, one, name: one.name }))),
)('$name on $backend: frames are those of ONNX Runtime', async ({ backend, one }) => {
  const look = await lookOf(one.guide, Object.keys(one.values));
  const painter = await createPainter(look, { backend, precision: 'float32', upkeep: false });
  const size = images.length / cases.elapsed.length;
  for (const [run, elapsed] of cases.elapsed.entries()) {
    const live = Object.entries(liveOf(one, elapsed, Object.keys(look.info.live)));
    const made = await painter.run({
      image: images.slice(run * size, (run + 1) * size),
      ...Object.fromEntries(live.map(([name, number]) => [name, Float32Array.of(number)])),
    });
    if (!cases.kept.includes(run)) continue;
    const expected = await fetchFloats(`filters-${one.name}.${run}`);
    expect(largestDifference(made.painting ?? new Float32Array(), expected), `run ${run}`).toBeLessThan(1e-4);
  }
  painter.destroy();
});

const dispatchesOf = async (look: Look, backend: Backend): Promise<number> => {
  const painter = await createPainter(look, { backend, canvas: new OffscreenCanvas(1, 1), upkeep: false });
  const { dispatches } = painter.statistics;
  painter.destroy();
  return dispatches;
};

test.each(['webgpu', 'webgl2'] as const)('on %s filters that are off add no dispatch', async backend => {
  const before = await readLook(await fetchBytes('filters-soft-none.onnx'));
  const [none, off, on] = [before, await lookOf('soft', []), await lookOf('soft', ['stillness'])];
  const counts = [];
  for (const look of [none, off, on]) counts.push(await dispatchesOf(look, backend));
  expect(counts[1]).toBe(counts[0]);
  expect(counts[2]).toBeGreaterThan(counts[0] ?? Number.NaN);
});

test('on WebGPU a frame with stillness reads nothing back and creates no buffer', async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const look = await lookOf('soft', ['stillness']);
  const painter = await createPainter(look, { backend: 'webgpu', canvas, upkeep: false });
  const source = new OffscreenCanvas(cases.pixels, cases.pixels);
  source.getContext('2d')?.fillRect(0, 0, 20, 50);
  painter.set('stillness', 0.8);
  for (let frame = 0; frame < 2; frame++) painter.paint(source);
  await painter.finished();
  const memory = trackGpuMemory();
  for (let frame = 0; frame < 20; frame++) {
    painter.set('elapsed', 0.01 + frame / 1000);
    painter.paint(source);
  }
  await painter.finished();
  memory.close();
  expect([memory.maps, memory.peakBytes, memory.pipelines]).toEqual([0, 0, []]);
  painter.destroy();
});
