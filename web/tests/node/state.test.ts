// State: what a file may say of it and what it may not, how it is planned, and a hundred runs on the CPU.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { EngineError, readLook, readLookInfo, readModel } from '../../engine/index.ts';
import { readModel as readOnnx } from '../../engine/onnx/model.ts';
import { splitState } from '../../engine/state.ts';
import { fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { allocated } from '../allocations.ts';
import { CACHE } from '../cases.ts';
import { excess } from '../compare.ts';
import { graphOf, message, model, node, tensor, text, value } from '../onnx.ts';
import { pictureOf, type StateCases, splitOutputs } from '../state.ts';

const PICTURE = [1, 3, 8, 8];

/** A look that mixes its picture into its last painting. */
function mixing(
  state: unknown,
  { extra = [], type = 1 }: { extra?: Uint8Array[]; type?: number } = {},
): Uint8Array {
  const graph = graphOf({
    nodes: [
      node('Add', ['image', 'last'], ['sum'], {}),
      node('Mul', ['sum', 'k'], ['painting'], {}),
      node('Relu', ['painting'], ['next'], {}),
      node('ReduceMean', ['painting'], ['mean'], { keepdims: 1 }),
    ],
    constants: extra,
    inputs: [value('last', PICTURE, type), value('image', PICTURE), value('k', [])],
    outputs: [value('painting', PICTURE), value('next', PICTURE), value('mean', [1, 1, 1, 1])],
  });
  const written = typeof state === 'string' ? state : JSON.stringify(state);
  return Uint8Array.from([
    ...model(graph, { opset: 17 }),
    ...message(14, [...text(1, 'limner.state'), ...text(2, written)]),
  ]);
}

describe('each fault has its sentence', () => {
  const shape = tensor('last', [3], new Float32Array(3));
  test.each([
    ['no JSON', mixing('last'), 'is no JSON object of inputs and outputs'],
    ['an empty text', mixing(''), 'is no JSON object of inputs and outputs'],
    ['a list', mixing(['last']), 'is no JSON object of inputs and outputs'],
    ['null', mixing(null), 'is no JSON object of inputs and outputs'],
    ['a number', mixing({ last: 1 }), 'is no JSON object of inputs and outputs'],
    [
      'an unknown input',
      mixing({ old: 'next' }),
      "names an input 'old'; the model has 'last', 'image', 'k'.",
    ],
    [
      'an unknown output',
      mixing({ last: 'sum' }),
      "names an output 'sum'; the model has 'painting', 'next', 'mean'.",
    ],
    ['a live input', mixing({ k: 'mean' }), "'k' is a single number, which is a live input"],
    [
      'another shape',
      mixing({ last: 'mean' }),
      "'last' is 1 x 3 x 8 x 8, but its next value, 'mean', is 1 x 1 x 1 x 1.",
    ],
    ['the picture', mixing({ image: 'next', last: 'next' }), "state takes its picture, 'image'"],
    ['another type', mixing({ last: 'next' }, { type: 11 }), "'last' needs a fixed shape, and float32"],
    [
      'an initializer of another shape',
      mixing({ last: 'next' }, { extra: [shape] }),
      "'last' is 1 x 3 x 8 x 8 of float32, but its initializer is not.",
    ],
    [
      'an inherited name',
      mixing('{"__proto__": "next"}'),
      "names an input '__proto__'; the model has 'last', 'image', 'k'.",
    ],
  ])('%s', async (_, bytes, sentence) => {
    await expect(readLook(bytes)).rejects.toThrow(sentence);
    await expect(readLook(bytes)).rejects.toThrow(EngineError);
    await expect(readLookInfo(bytes)).rejects.toThrow(sentence);
  });

  test('a shape that the file leaves open and the graph does not give', async () => {
    const graph = graphOf({
      nodes: [
        node('Add', ['image', 'last'], ['painting'], {}),
        node('GlobalAveragePool', ['painting'], ['sized'], {}),
      ],
      inputs: [value('image', PICTURE), value('last', PICTURE)],
      outputs: [value('painting', PICTURE), value('sized', ['a', 'b', 'c', 'd'])],
    });
    const property = message(14, [...text(1, 'limner.state'), ...text(2, '{"last": "sized"}')]);
    await expect(readLook(Uint8Array.from([...model(graph), ...property]))).rejects.toThrow(
      "but its next value, 'sized', is 1 x 3 x 1 x 1.",
    );
  });
});

test('without its state the look would take two pictures', async () => {
  await expect(readLook(mixing({}))).rejects.toThrow('has 2 inputs: last, image');
});

test('the info tells the state, whatever the order of inputs and outputs', async () => {
  const initial = Float32Array.from({ length: 192 }, (_, i) => i);
  const bytes = mixing({ last: 'painting' }, { extra: [tensor('last', PICTURE, initial)] });
  const { info, plan } = await readLook(bytes);
  const expected = [{ input: 'last', output: 'painting', dims: PICTURE, initial }];
  expect(info.state).toEqual(expected);
  expect((await readLookInfo(bytes)).state).toEqual(expected);
  expect(Object.keys(info.live)).toEqual(['k']);
  expect(plan.inputs.map(({ name }) => name)).toEqual(['image', 'last']);
  expect(plan.state).toEqual([{ input: plan.inputs[1], output: plan.outputs[0] }]);
  expect(plan.inputs[1]?.constant).toEqual(initial);
});

test('the guide is the first output after the painting that no state names', async () => {
  const guideOf = async (state: unknown) => (await readModel(mixing(state))).plan.guide?.name;
  expect(await guideOf({})).toBe('next');
  expect(await guideOf({ last: 'painting' })).toBe('next');
  expect(await guideOf({ last: 'next' })).toBe('mean');
  // As a look it would need the shape of a guide.
  await expect(readLook(mixing({ last: 'painting' }))).resolves.toBeDefined();
  await expect(readLook(mixing({ last: 'next' }))).rejects.toThrow(
    'its guide, 1 x 1 x 8 x 8; here it is 1 x 1 x 1 x 1',
  );
});

test('a state of zeros takes no memory while a look is read, and there may be 64', async () => {
  const side = 1024;
  const wide = [1, 3, side, side];
  const build = (count: number) => {
    const names = Array.from({ length: count }, (_, i) => `s${i}`);
    const graph = graphOf({
      nodes: [node('Relu', ['image'], ['painting'], {})],
      inputs: ['image', ...names].map(name => value(name, wide)),
      outputs: [value('painting', wide)],
    });
    const state = JSON.stringify(Object.fromEntries(names.map(name => [name, 'painting'])));
    return Uint8Array.from([
      ...model(graph),
      ...message(14, [...text(1, 'limner.state'), ...text(2, state)]),
    ]);
  };
  const { result, bytes } = await allocated(() => readLook(build(32)));
  expect(result.plan.state).toHaveLength(32);
  expect(bytes).toBeLessThan(1e6);
  await expect(readLook(build(65))).rejects.toThrow('has 65 tensors; the engine keeps up to 64.');
});

test('two states may take one output', async () => {
  const graph = graphOf({
    nodes: [node('Sum', ['image', 'a', 'b'], ['painting'], {})],
    inputs: [value('image', PICTURE), value('a', PICTURE), value('b', PICTURE)],
    outputs: [value('painting', PICTURE)],
  });
  const property = message(14, [
    ...text(1, 'limner.state'),
    ...text(2, '{"a": "painting", "b": "painting"}'),
  ]);
  const { plan } = await readLook(Uint8Array.from([...model(graph), ...property]));
  expect(plan.state?.map(({ output }) => output)).toEqual([plan.outputs[0], plan.outputs[0]]);
});

const cases: StateCases = JSON.parse(readFileSync(`${CACHE}/state.json`, 'utf8'));
const floatsOf = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

describe.each(cases.looks)('$name', look => {
  const bytes = readFileSync(`${CACHE}/${look.name}.onnx`);

  test('a frame computes all of its state, and leaves it in a buffer', async () => {
    const { plan } = await readLook(bytes);
    const { steps, late, painted } = fuseFrame(plan);
    const outputs = new Set(plan.state?.map(({ output }) => output));
    const made = steps.flatMap(step => {
      if (step.kind === 'single') return step.operation === painted ? [] : [step.operation.output];
      return step.kind === 'inputConv' ? [step.convolution.output] : [step.source.output, step.means.output];
    });
    expect([...outputs].filter(tensor => !made.includes(tensor))).toEqual([]);
    expect(late.filter(({ output }) => outputs.has(output))).toEqual([]);
  });

  test('what replaces the state comes after all that reads it', async () => {
    const { plan } = await readLook(bytes);
    const { steps, late } = fuseFrame(plan);
    const operations = steps.flatMap(step => (step.kind === 'single' ? [step.operation] : []));
    for (const { input } of plan.state ?? []) {
      const writes = operations.findIndex(({ output }) => output === input);
      const reads = operations.findLastIndex(({ inputs }) => inputs.includes(input));
      expect(writes).toBeGreaterThan(reads);
      expect(late.filter(({ inputs }) => inputs.includes(input))).toEqual([]);
    }
  });

  test('what a run reads shares no buffer with anything', async () => {
    const { plan } = await readLook(bytes);
    for (const { input } of plan.state ?? []) {
      const buffer = plan.slices.get(input)?.buffer;
      const sharing = [...plan.slices].filter(([, slice]) => slice.buffer === buffer);
      expect(sharing.map(([tensor]) => tensor)).toEqual([input]);
    }
  });

  test(`${cases.runs} runs on the CPU are those of ONNX Runtime`, async () => {
    const { whole, state } = splitState(readOnnx(bytes), true);
    const executor = new CpuExecutor(await lower(whole));
    const images = floatsOf('state.images');
    for (const { input, initial } of state) executor.array(input).set(initial ?? []);
    for (let run = 0; run < cases.runs; run++) {
      executor.array('image').set(pictureOf(images, cases, run));
      executor.run();
      if (cases.kept.includes(run)) {
        for (const [name, expected] of splitOutputs(floatsOf(`${look.name}.${run}`), look)) {
          expect(
            excess(Float32Array.from(executor.array(name)), expected, 1e-4, 1e-4),
            name,
          ).toBeLessThanOrEqual(0);
        }
      }
      const next = state.map(({ input, output }) => [input, executor.array(output).slice()] as const);
      for (const [input, values] of next) executor.array(input).set(values);
    }
  });
});
