// A look that paints in any style gets the numbers of the painting that the visitor chose.

import { expect, test } from 'vitest';
import { floats } from '../../../engine/onnx/constant.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { findPredictor } from '../../../player/painters/format/predictor.ts';
import { applyStyle } from '../../../player/painters/format/style.ts';
import { graphOf, message, model, node, tensor, text, value } from '../../onnx.ts';

const SIZE = 100;
const NUMBERS = Float32Array.from({ length: SIZE }, (_, i) => i / 7 - 3);

function lookOf(metadata: Record<string, string>): Uint8Array<ArrayBuffer> {
  const graph = graphOf({
    nodes: [node('Add', ['image', 'other'], ['y'], {}), node('Identity', ['style'], ['seen'], {})],
    constants: [tensor('other', [1], Float32Array.of(2)), tensor('style', [1, SIZE], new Float32Array(SIZE))],
    inputs: [value('image', [1, 3, 8, 8])],
    outputs: [value('y', [1, 3, 8, 8])],
  });
  const entries = Object.entries(metadata).flatMap(([key, of]) =>
    message(14, [...text(1, key), ...text(2, of)]),
  );
  return Uint8Array.from([...model(graph), ...entries]);
}

const LOOK = lookOf({ 'limner.format': '1', 'limner.predictor': 'p.onnx' });
const style = { name: 'waves.jpg', read: async () => NUMBERS };

test('the numbers take the place of those that were there, and nothing else changes', async () => {
  const styled = await applyStyle(LOOK, 'p.onnx', style);
  expect(styled).toMatchObject({ predictor: 'p.onnx', sentence: 'Its style is that of waves.jpg.' });
  const [before, after] = [readModel(LOOK), readModel(styled.bytes)];
  const read = (from: typeof before, name: string) => {
    const constant = from.constants.get(name);
    return constant && Array.from(floats(constant));
  };
  expect(read(after, 'style')).toEqual(Array.from(NUMBERS));
  expect(after.constants.get('style')?.dims).toEqual([1, SIZE]);
  expect(read(after, 'other')).toEqual(read(before, 'other'));
  expect(after.nodes).toEqual(before.nodes);
  expect(after.metadata).toEqual(before.metadata);
});

test('before a style is chosen, the look is as it was', async () => {
  expect(findPredictor(LOOK)).toBe('p.onnx');
  expect(await applyStyle(LOOK, 'p.onnx', undefined)).toMatchObject({ bytes: LOOK, sentence: '' });
});

test('looks of one style, and what is no look, have none to choose', () => {
  expect(findPredictor(lookOf({ 'limner.format': '1' }))).toBeNull();
  expect(findPredictor(new TextEncoder().encode('words'))).toBeNull();
});

test('a style of another size is refused', async () => {
  const short = { name: 'a', read: async () => new Float32Array(3) };
  await expect(applyStyle(LOOK, 'p.onnx', short)).rejects.toThrow('A style has 100 numbers.');
});
