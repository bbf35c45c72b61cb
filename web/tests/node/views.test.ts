// Reshapes and transpositions as views, and the addresses that kernels compute for them.

import { expect, test } from 'vitest';
import { type ViewAddress, viewAddress } from '../../engine/codegen/view-address.ts';
import { readGraph } from '../../engine/look.ts';
import { graphOf, int64Tensor, model, node, value } from '../onnx.ts';
import { kinds, picture, plan } from '../plans.ts';

test('a channel shuffle over five dimensions is one view', async () => {
  const { operations } = await plan(
    [
      node('Reshape', ['x', 'five'], ['a'], {}),
      node('Transpose', ['a'], ['b'], { perm: [0, 2, 1, 3, 4] }),
      node('Reshape', ['b', 'four'], ['c'], {}),
      node('Relu', ['c'], ['y'], {}),
    ],
    [int64Tensor('five', 1, 2, 2, 8, 8), int64Tensor('four', 1, 4, 8, 8)],
  );
  expect(kinds(operations)).toEqual(['movement']);
  const [shuffle] = operations;
  if (shuffle?.kind !== 'movement' || shuffle.map.kind !== 'view') throw new Error('no view');
  expect(viewAddress(shuffle.map, [1, 4, 8, 8], [1, 4, 8, 8])).toEqual({
    index: null,
    offset: null,
    at: ['0', '(o.y / 2) + (o.y % 2) * 2', 'o.z', 'o.w'],
  });
});

test('a reshape and its inverse cancel out', async () => {
  const { operations } = await plan(
    [
      node('Relu', ['x'], ['a'], {}),
      node('Flatten', ['a'], ['b'], {}),
      node('Reshape', ['b', 'four'], ['c'], {}),
      node('Exp', ['c'], ['y'], {}),
    ],
    [int64Tensor('four', 1, 4, 8, 8)],
  );
  expect(kinds(operations)).toEqual(['elementwise']);
});

test('a reshape that is also an output is kept', async () => {
  const nodes = [node('Reshape', ['x', 'two'], ['y'], {}), node('Transpose', ['y'], ['z'], { perm: [1, 0] })];
  const outputs = [value('y', [4, 64]), value('z', [64, 4])];
  const bytes = model(graphOf({ nodes, constants: [int64Tensor('two', 4, 64)], inputs: [picture], outputs }));
  const { operations } = await readGraph(bytes);
  expect(kinds(operations)).toEqual(['movement', 'movement']);
  expect(operations[1]?.inputs[0]?.name).toBe('x');
});

test('view addresses agree with counting through all elements', () => {
  const shapes = [
    { view: { dims: [2, 3, 4], strides: [1, 2, 6], start: 0 }, from: [1, 4, 3, 2], to: [1, 2, 3, 4] },
    { view: { dims: [3, 5, 2], strides: [10, -1, 5], start: 4 }, from: [1, 3, 2, 5], to: [1, 1, 15, 2] },
    { view: { dims: [7], strides: [4], start: 1 }, from: [1, 5, 2, 3], to: [1, 1, 1, 7] },
    { view: { dims: [2, 3, 2, 2], strides: [6, 1, 0, 3], start: 0 }, from: [2, 1, 2, 3], to: [1, 4, 3, 2] },
  ] as const;
  for (const { view, from, to } of shapes) {
    const address = viewAddress(view, from, to);
    const [, c, h, w] = to;
    const strides = [c * h * w, h * w, w, 1];
    for (let element = 0; element < view.dims.reduce((a, b) => a * b, 1); element++) {
      let rest = element;
      let expected: number = view.start;
      for (let i = view.dims.length - 1; i >= 0; i--) {
        expected += (rest % (view.dims[i] ?? 1)) * (view.strides[i] ?? 0);
        rest = Math.floor(rest / (view.dims[i] ?? 1));
      }
      const at = to.map((size, axis) => Math.floor(element / (strides[axis] ?? 1)) % size);
      const [x, y, z, i] = address.at.map(text => integerValue(text, at, address));
      const [, c2, h2, w2] = from;
      expect((((x ?? 0) * c2 + (y ?? 0)) * h2 + (z ?? 0)) * w2 + (i ?? 0)).toBe(expected);
    }
  }
});

/** Evaluates an address as a shader does: with integers, whose quotients are truncated. */
function integerValue(text: string, at: readonly number[], address: ViewAddress): number {
  const named = text
    .replace(/\boffset\b/g, () => `(${address.offset})`)
    .replace(/\bindex\b/g, () => `(${address.index})`)
    .replace(/o\.([xyzw])/g, (_, letter) => String(at['xyzw'.indexOf(letter)]));
  const tokens = named.match(/\d+|[-+*/%()]/g) ?? [];
  const primary = (): number => {
    const token = tokens.shift();
    if (token === '-') return -primary();
    if (token !== '(') return Number(token);
    const inner = sum();
    tokens.shift();
    return inner;
  };
  const product = (): number => {
    let left = primary();
    while (tokens[0] === '*' || tokens[0] === '/' || tokens[0] === '%') {
      const operator = tokens.shift();
      const right = primary();
      left = operator === '*' ? left * right : operator === '/' ? Math.trunc(left / right) : left % right;
    }
    return left;
  };
  const sum = (): number => {
    let left = product();
    while (tokens[0] === '+') {
      tokens.shift();
      left += product();
    }
    return left;
  };
  return sum();
}
