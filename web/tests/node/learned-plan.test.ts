// The plan of a look whose weights are learned while it paints.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { productOf } from '../../engine/graph/ir/strides.ts';
import { STATE } from '../../engine/graph/passes/training-plan.ts';
import { readLook } from '../../engine/index.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { planLearned } from '../../engine/training/learned-plan.ts';
import { makeTrainingStep } from '../../engine/training/step.ts';
import { writeTrained } from '../../engine/training/trained-model.ts';
import { fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { keyframeNetwork } from '../../player/learning/keyframe-network.ts';
import { CACHE } from '../cases.ts';

const modelOf = (name: string): OnnxModel => readModel(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));

/** A look as it is saved after training, and where its parameters would lie in the state. */
async function trained(model: OnnxModel) {
  const step = await makeTrainingStep(model, { loss: 'l1' });
  let start = 1;
  const places = step.parameters.map(({ name, dims }) => {
    const elements = productOf(dims);
    const change = { start: 0, stride: 1, parts: 1 };
    const place = { name, input: '', isReplaced: false, elements, start, change, direction: null };
    start += Math.ceil(elements / 4);
    return place;
  });
  return { file: writeTrained(step.inference, new Map()), places };
}

/** Biases are no constants, so a first convolution is not made with the guide that it reads: that is one kernel more. All
 * else is fused as from a file, doublings too. */
test.each([
  ['lean-64-uint16-colour', modelOf('lean-64-uint16-colour'), 1],
  ['lean-256-uint8-soft', modelOf('lean-256-uint8-soft'), 1],
  ['the network of keyframes', keyframeNetwork({ width: 96, height: 64 }, 1), 0],
])('%s paints with few kernels', async (_, model, more) => {
  const { file, places } = await trained(model);
  const learned = await planLearned(readModel(file), places);
  if (!learned) throw new Error('It cannot share its weights.');
  const usual = fuseFrame((await readLook(file)).plan);
  const { steps, plan } = fuseFrame(learned.plan);
  expect(steps.length).toBe(usual.steps.length + more);
  const convolutions = plan.operations.filter(({ kind }) => kind === 'convolution');
  expect(convolutions.every(one => one.kind === 'convolution' && one.weights.learned)).toBe(true);
  const read = new Set(plan.operations.flatMap(({ inputs }) => inputs).map(one => plan.slices.get(one)));
  const offsets = [...read].flatMap(slice => (slice?.buffer === STATE ? slice.offset : []));
  // Weights of convolutions are packed; biases are read where they are.
  const biases = places.filter(({ elements }) => elements < 9 * 9).map(({ start }) => start);
  expect(offsets.sort((a, b) => a - b)).toEqual(biases);
  // What `run` is given.
  expect(plan.inputs.map(one => one.name)).toEqual(usual.plan.inputs.map(one => one.name));
});

const LEAN = 'lean-64-uint16-colour';

test('a look that keeps something from frame to frame shares no weights', async () => {
  const { file, places } = await trained(modelOf(LEAN));
  const model = readModel(file);
  const metadata = new Map([...model.metadata, ['limner.state', '{}']]);
  expect(await planLearned({ ...model, metadata }, places)).toBeNull();
});

test('weights of another size are refused', async () => {
  const { file, places } = await trained(modelOf(LEAN));
  const model: OnnxModel = readModel(file);
  const [{ name = '' } = {}] = places;
  const constants = new Map([...model.constants, [name, constantOf(name, [2], new Float32Array(2))]]);
  await expect(planLearned({ ...model, constants }, places)).rejects.toThrow(`'${name}' of the look is 2;`);
});
