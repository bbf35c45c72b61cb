// ONNX's own node tests, for every operator that the engine claims: abs 1e-4, rel 1e-4.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGraph } from '../../engine/look.ts';
import { requestDevice } from '../../engine/webgpu/device.ts';
import { runGraph } from '../../engine/webgpu/reader.ts';
import { decode, decodeFloats, excess } from '../compare.ts';

interface Case {
  name: string;
  op: string;
  skip?: string;
  model: string;
  inputs: Record<string, string>;
  outputs: Record<string, { dims: number[]; data: string }>;
}

/** Cases that the engine refuses at load, with a part of the sentence in which it does. */
const REFUSED: readonly (readonly [cases: RegExp, sentence: string])[] = [
  [/^test_dequantizelinear_blocked/, 'do not fit its axis'],
  [/^test_batchnorm_.*training_mode$/, 'training mode'],
];

/** Cases that the engine has to face: ONNX 1.23.2 gives 275, other versions about as many. */
const LEAST = 270;

const { cases }: { cases: Case[] } = await (await fetch('/nodes.json')).json();
let device: GPUDevice;
const skipped = new Map<string, number>();

beforeAll(async () => {
  device = await requestDevice();
});

afterAll(() => {
  console.log(`${cases.length} cases; left out:`, JSON.stringify(Object.fromEntries(skipped)));
  device.destroy();
});

test('nearly all cases are run', () => {
  expect(cases.filter(one => !one.skip).length).toBeGreaterThanOrEqual(LEAST);
});

for (const one of cases) {
  if (one.skip) {
    skipped.set(one.skip, (skipped.get(one.skip) ?? 0) + 1);
    continue;
  }
  test(one.name, async () => {
    const refused = REFUSED.find(([pattern]) => pattern.test(one.name))?.[1];
    if (refused) {
      await expect(readGraph(decode(one.model))).rejects.toThrow(new RegExp(refused));
      return;
    }
    const plan = await readGraph(decode(one.model));
    const inputs = Object.fromEntries(
      Object.entries(one.inputs).map(([name, data]) => [name, decodeFloats(data)]),
    );
    const outputs = await runGraph(plan, device, inputs);
    expect(plan.outputs.map(({ name }) => name).sort()).toEqual(Object.keys(one.outputs).sort());
    expect(plan.outputs.length).toBeGreaterThan(0);
    plan.outputs.forEach(tensor => {
      const expected = one.outputs[tensor.name];
      if (!expected) throw new Error(`ONNX has no '${tensor.name}'.`);
      expect(tensor.dims).toEqual(expected.dims);
      const made = outputs[tensor.name] ?? new Float32Array();
      expect(excess(made, decodeFloats(expected.data), 1e-4, 1e-4)).toBeLessThanOrEqual(0);
    });
  });
}
