// Filters of a look: nothing of them is in its plan, and with some of them in its graph it is the file that Python writes
// and paints what ONNX Runtime paints.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { EngineError, readLook } from '../../engine/index.ts';
import { readFilters, withFilters } from '../../engine/onnx/filters.ts';
import { readModel as readOnnx } from '../../engine/onnx/model.ts';
import { splitState } from '../../engine/state.ts';
import { fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { CACHE } from '../cases.ts';
import { largestDifference } from '../compare.ts';
import { type FilterCases, liveOf } from '../filters.ts';
import { graphOf, message, model, node, text, value } from '../onnx.ts';

const cases: FilterCases = JSON.parse(readFileSync(`${CACHE}/filters.json`, 'utf8'));
const bytesOf = (name: string): Uint8Array => readFileSync(`${CACHE}/filters-${name}.onnx`);
const floatsOf = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const stepsOf = async (bytes: Uint8Array) => fuseFrame((await readLook(bytes)).plan).steps;

const GUIDES = [...new Set(cases.cases.map(({ guide }) => guide))];

test.each(GUIDES)('%s: filters add no dispatch, no buffer and no live input', async guide => {
  const [look, before] = [await readLook(bytesOf(guide)), await readLook(bytesOf(`${guide}-none`))];
  expect(look.plan.operations.map(({ name }) => name)).toEqual(
    before.plan.operations.map(({ name }) => name),
  );
  expect(look.plan.buffers).toEqual(before.plan.buffers);
  expect((await stepsOf(bytesOf(guide))).length).toBe((await stepsOf(bytesOf(`${guide}-none`))).length);
  expect(look.info).toEqual({ ...before.info, figures: look.info.figures });
});

test('a look tells its filters', () => {
  const filters = readFilters(bytesOf('soft'));
  expect(Object.keys(filters)).toContain('stillness');
  expect(filters.freeze).toMatchObject({ label: 'Freeze', min: 0, max: 1, default: 0, switch: true });
  expect(readFilters(bytesOf('soft-none'))).toEqual({});
});

describe.each(cases.cases)('$name', one => {
  const names = Object.keys(one.values);
  const bytes = withFilters(bytesOf(one.guide), names);

  test('is the file that Python writes', () => {
    const [ours, theirs] = [readOnnx(bytes), readOnnx(bytesOf(one.name))];
    expect(ours.nodes).toEqual(theirs.nodes);
    expect(ours.inputs).toEqual(theirs.inputs);
    expect(ours.outputs).toEqual(theirs.outputs);
    expect([...ours.constants.keys()]).toEqual([...theirs.constants.keys()]);
    for (const key of ['limner.live', 'limner.state'])
      expect(JSON.parse(ours.metadata.get(key) ?? '{}')).toEqual(
        JSON.parse(theirs.metadata.get(key) ?? '{}'),
      );
    expect(readFilters(bytes)).toEqual({});
  });

  test('the look has their live inputs and their state', async () => {
    const { info } = await readLook(bytes);
    expect(Object.keys(info.live)).toEqual(expect.arrayContaining(names));
    expect(info.state.every(({ input }) => names.some(name => input.startsWith(`${name}.`)))).toBe(true);
  });

  // The first frame, the state after it, and what that changes: CPUs take long. The GPUs' tests run all frames.
  test('the first frames on the CPU are those of ONNX Runtime', async () => {
    const read = readOnnx(bytes);
    const { whole, state } = read.metadata.has('limner.state')
      ? splitState(read, true)
      : { whole: read, state: [] };
    const executor = new CpuExecutor(await lower(whole));
    const images = floatsOf('filters.images');
    const size = images.length / cases.elapsed.length;
    const live = whole.inputs.map(({ name }) => name);
    for (const [run, elapsed] of cases.elapsed.slice(0, 2).entries()) {
      executor.array('image').set(images.subarray(run * size, (run + 1) * size));
      for (const [name, number] of Object.entries(liveOf(one, elapsed, live)))
        executor.array(name)[0] = number;
      executor.run();
      const painting = Float32Array.from(executor.array('painting'));
      const expected = floatsOf(`filters-${one.name}.${run}`);
      expect(largestDifference(painting, expected), `run ${run}`).toBeLessThan(1e-4);
      const next = state.map(({ input, output }) => [input, executor.array(output).slice()] as const);
      for (const [input, values] of next) executor.array(input).set(values);
    }
  });
});

test('stillness costs few dispatches', async () => {
  const before = await stepsOf(bytesOf('soft'));
  const after = await stepsOf(withFilters(bytesOf('soft'), ['stillness']));
  // One less at 256 pixels, where the guide has as many cells as motion is measured in.
  expect(after.length - before.length).toBe(8);
});

describe('faults have their sentences', () => {
  const graph = graphOf({
    nodes: [node('Relu', ['image'], ['painting'], {})],
    inputs: [value('image', [1, 3, 8, 8])],
    outputs: [value('painting', [1, 3, 8, 8])],
  });
  const look = (filters: string) =>
    Uint8Array.from([...model(graph), ...message(14, [...text(1, 'limner.filters'), ...text(2, filters)])]);

  test.each(['filters', '[]', 'null', '1'])('metadata that are %s', written => {
    expect(() => readFilters(look(written))).toThrow("The look's filters are no JSON object");
    expect(() => readFilters(look(written))).toThrow(EngineError);
  });

  test.each([
    '1',
    '{}',
    '{"label": "Calm", "min": 0, "max": "1", "default": 0, "state": {}}',
    '{"label": "Calm", "min": 0, "max": 1, "default": 0, "state": {"last": {"next": "x", "shape": [-1]}}}',
  ])('a filter that is %s', written => {
    expect(() => readFilters(look(`{"calm": ${written}}`))).toThrow("The look's filter 'calm' is damaged");
  });

  test('an unknown filter, and one that the file lacks', () => {
    const bytes = look('{"calm": {"label": "Calm", "min": 0, "max": 1, "default": 0, "state": {}}}');
    expect(() => withFilters(bytes, ['still'])).toThrow("The look has no filter 'still'; it has calm.");
    expect(() => withFilters(bytes, ['calm'])).toThrow("names a filter 'calm', which it lacks");
  });
});
