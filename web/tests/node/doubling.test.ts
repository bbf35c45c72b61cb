// Pixels that are doubled before a convolution, as exporters write it: the convolution takes four products per output.
// The values are compared with ONNX Runtime's in `browser/networks.test.ts`.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { multiplyAdds } from '../../engine/graph/ir/cost.ts';
import { readModel } from '../../engine/index.ts';
import { CACHE } from '../cases.ts';
import { kinds } from '../plans.ts';

interface Listed {
  readonly name: string;
  readonly dims: Record<string, number>;
  readonly folded: boolean;
}

const listed: Listed[] = JSON.parse(readFileSync(`${CACHE}/doublings.json`, 'utf8'));

async function operationsOf({ name, dims }: Pick<Listed, 'name' | 'dims'>) {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`));
  return (await readModel(bytes, { dims })).plan.operations;
}

const costOf = async (one: Listed): Promise<number> =>
  (await operationsOf(one)).reduce((sum, operation) => sum + multiplyAdds(operation), 0);

test.each(listed.filter(({ folded }) => folded))('$name is part of the convolution', async one => {
  expect(kinds(await operationsOf(one))).toEqual(['convolution', 'convolution']);
  const [first = one] = listed;
  expect(await costOf(one)).toBe(await costOf(first));
});

test.each(listed.filter(({ folded }) => !folded))('$name is not', async one => {
  expect(kinds(await operationsOf(one)).length).toBeGreaterThan(2);
});
