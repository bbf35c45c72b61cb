// ONNX Runtime paints the same from transposed convolutions as from convolutions of doubled images.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { EngineError } from '../../../engine/error.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { removeDefaults } from '../../../player/painters/wasm/live-inputs.ts';
import { sessionOptions } from '../../../player/painters/wasm/session-options.ts';
import { withTransposedConvs } from '../../../player/painters/wasm/transposed.ts';
import { CACHE } from '../../cases.ts';
import { largestDifference } from '../../compare.ts';

const looks: { name: string; live: Record<string, number> }[] = JSON.parse(
  readFileSync(join(CACHE, 'looks.json'), 'utf8'),
);
const liveOf = (name: string) => looks.find(look => look.name === name)?.live ?? {};
const read = (file: string) => new Uint8Array(readFileSync(join(CACHE, file)));
const floats = (file: string) => new Float32Array(read(file).buffer);

async function paint(bytes: Uint8Array, name: string): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, sessionOptions(bytes));
  const image = floats(`${name}.image`);
  const side = Math.sqrt(image.length / 3);
  const feeds: Record<string, ort.Tensor> = { image: new ort.Tensor('float32', image, [1, 3, side, side]) };
  for (const [key, value] of Object.entries(liveOf(name))) {
    feeds[key] = new ort.Tensor('float32', Float32Array.of(value), []);
  }
  const outputs = await session.run(feeds, ['painting']);
  return outputs.painting?.data as Float32Array;
}

test.each(['full-256-uint8-levels', 'lean-256-uint8-levels'])('%s paints the same', async name => {
  const bytes = removeDefaults(read(`${name}.onnx`), new Set(Object.keys(liveOf(name))));
  const rewritten = withTransposedConvs(bytes);
  const count = (file: Uint8Array, op: string) => readModel(file).nodes.filter(node => node.op === op).length;
  expect(count(bytes, 'Resize')).toBeGreaterThan(2);
  expect(count(rewritten, 'Resize')).toBe(0);
  expect(count(rewritten, 'ConvTranspose')).toBe(count(bytes, 'Resize'));
  expect(rewritten.length).toBeLessThan(bytes.length + 6000);
  const painting = await paint(rewritten, name);
  const right = floats(`${name}.painting`);
  expect(painting.length).toBe(right.length);
  expect(largestDifference(painting, right)).toBeLessThan(1e-4);
});

test('a file that our reader refuses is left to the runtime', () => {
  const damaged = read('lean-256-uint8-levels.onnx').slice(0, -9);
  expect(() => readModel(damaged)).toThrow(EngineError);
  expect(withTransposedConvs(damaged)).toBe(damaged);
});

test('a file without doubled images stays as it is', () => {
  const bytes = read('lean-256-float32-soft.onnx');
  expect(withTransposedConvs(bytes)).toBe(bytes);
});
