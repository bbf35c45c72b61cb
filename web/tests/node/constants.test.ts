// Arithmetic on constants at load: what is exact, what is refused, and that hostile sizes cost nothing.

import { expect, test } from 'vitest';
import { EngineError } from '../../engine/error.ts';
import { readGraph } from '../../engine/look.ts';
import { readConstant } from '../../engine/onnx/constant.ts';
import { graphOf, message, model, node, tensor, text, value, varint, whole } from '../onnx.ts';

/** What a graph that ends in `y` adds up to: the constant that it is, or the sentence that refuses it. */
async function made(nodes: number[][], constants: Uint8Array[] = []): Promise<number[] | string> {
  // A constant output is copied by a map from a tensor that holds it.
  const bytes = model(graphOf({ nodes, constants, inputs: [value('x', [1, 1])], outputs: [value('y', [])] }));
  try {
    const { operations } = await readGraph(bytes);
    return operations.flatMap(({ inputs }) => inputs.flatMap(one => Array.from(one.constant ?? [])));
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

const raw = (name: string, type: number, dims: number[], bytes: Uint8Array) =>
  Uint8Array.from([
    ...dims.flatMap(dim => varint(1, dim)),
    ...varint(2, type),
    ...text(8, name),
    ...message(9, bytes),
  ]);

test('a sum of nothing is 0, a product 1, and there is no largest of nothing', async () => {
  const reduced = (op: string) =>
    made(
      [node(op, ['e'], ['r'], { keepdims: 1 }), node('Expand', ['r', 'n'], ['y'], {})],
      [whole('e'), whole('n', 2)],
    );
  expect(await reduced('ReduceSum')).toEqual([0, 0]);
  expect(await reduced('ReduceProd')).toEqual([1, 1]);
  expect(await reduced('ReduceMax')).toContain('reduces nothing, of which there is no max');
  expect(await reduced('ReduceMin')).toContain('reduces nothing, of which there is no min');
});

test('a Range counts from one number, not from a tensor of them', async () => {
  const zeros = raw('z', 7, [4096], new Uint8Array(8 * 4096));
  const range = node('Range', ['z', 'z', 'z'], ['y'], {});
  expect(await made([range], [zeros])).toContain('needs one number as its input 0');
});

test('the end of all things stays beyond the end', async () => {
  const last = 2n ** 63n - 1n;
  const long = (n: bigint) => {
    const bytes: number[] = [];
    for (let rest = n; ; rest >>= 7n) {
      if (rest < 128n) return [...bytes, Number(rest)];
      bytes.push(Number(rest & 127n) | 128);
    }
  };
  const typed = Uint8Array.from([...varint(1, 1), ...varint(2, 7), ...text(8, 'to'), 7 * 8, ...long(last)]);
  const stored = raw('to', 7, [1], new Uint8Array(BigInt64Array.of(last).buffer));
  expect(new BigInt64Array(readConstant(typed).bytes.slice().buffer)[0]).toBeGreaterThan(2n ** 52n);
  const numbers = tensor('w', [4], Float32Array.of(1, 2, 3, 4));
  for (const end of [typed, stored]) {
    const cut = node('Slice', ['w', 'from', 'to2'], ['y'], {});
    // Arithmetic makes the number anew.
    const again = node('Min', ['to', 'to'], ['to2'], {});
    expect(await made([again, cut], [numbers, end, whole('from', 1)])).toEqual([2, 3, 4]);
  }
});

test('a fill of many small elements is quick', async () => {
  const size = 2 ** 22;
  const one = message(5, [
    ...text(1, 'value'),
    ...message(5, raw('v', 2, [1], Uint8Array.of(7))),
    ...varint(20, 4),
  ]);
  const fill = [...node('ConstantOfShape', ['n'], ['f'], {}), ...one];
  const cut = node('Slice', ['f', 'from', 'to'], ['c'], {});
  const cast = node('Cast', ['c'], ['y'], { to: 1 });
  const constants = [whole('n', size - 5), whole('from', size - 8), whole('to', size)];
  expect(await made([fill, cut, cast], constants)).toEqual([7, 7, 7]);
});

test('an answer is whole, a choice is what it chooses from, and Mod has its two signs', async () => {
  const [a, b] = [tensor('a', [2], Float32Array.of(0.5, 1.5)), tensor('b', [2], Float32Array.of(1, 1))];
  const chosen = node('Where', ['t', 'n', 'm'], ['c'], {});
  const shown = node('Cast', ['c'], ['y'], { to: 1 });
  const compared = node('Less', ['a', 'b'], ['t'], {});
  expect(await made([compared, chosen, shown], [a, b, whole('n', 3, 4), whole('m', 5, 6)])).toEqual([3, 6]);
  const fractions = [a, b, whole('n', 3, 4), tensor('m', [2], Float32Array.of(5.5, 6.5))];
  expect(await made([compared, node('Where', ['t', 'n', 'm'], ['y'], {})], fractions)).toEqual([3, 6.5]);
  const rest = (fmod: number) =>
    made(
      [node('Mod', ['p', 'q'], ['r'], { fmod }), node('Cast', ['r'], ['y'], { to: 1 })],
      [whole('p', -7, 7), whole('q', 3, -3)],
    );
  expect(await rest(0)).toEqual([2, -2]);
  expect(await rest(1)).toEqual([-1, 1]);
});
