// Plans of looks with branches: two operations a layer, however many branches there are.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { multiplyAdds } from '../../engine/graph/ir/cost.ts';
import { readLook } from '../../engine/index.ts';
import { CACHE } from '../cases.ts';

async function countsOf(name: string) {
  const { plan } = await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
  const kinds: Record<string, number> = {};
  for (const { kind } of plan.operations) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const products = plan.operations.reduce((sum, operation) => sum + multiplyAdds(operation), 0);
  const convolutions = plan.operations.filter(({ kind }) => kind === 'convolution').length;
  return { kinds, products, convolutions, operations: plan.operations.length, live: plan.live };
}

test.each([
  ['tiny', 1.5],
  // A layer of few channels pays for whole blocks of four.
  ['sea', 1.2],
])(
  '%s: two convolutions for each layer but the first, and one operation for the weights of several branches',
  async (name, growth) => {
    const base = await countsOf(`branches-${name}-1.base`);
    const one = await countsOf(`branches-${name}-1`);
    const three = await countsOf(`branches-${name}-3`);
    const layers = base.convolutions - 1;
    expect(one.kinds).toEqual({ ...base.kinds, convolution: base.convolutions + 2 * layers });
    expect(three.kinds).toEqual({ ...one.kinds, elementwise: (base.kinds.elementwise ?? 0) + 1 });
    expect(three.live.map(live => live.name).slice(-3)).toEqual([
      'branch_men',
      'branch_old_men',
      'branch_children',
    ]);
    expect(one.products).toBeLessThan(growth * base.products);
    expect(three.products - base.products).toBeLessThan(3 * (growth - 1) * base.products);
  },
);

test('a branch of blocks is one convolution for each of its layers', async () => {
  const base = await countsOf('branches-sea-blocks.base');
  const blocks = await countsOf('branches-sea-blocks');
  expect(blocks.kinds).toEqual({ ...base.kinds, convolution: base.convolutions + 2 });
});
