// Pixels that are doubled before a convolution, as exporters write it, and what comes between: the
// convolution takes four products per output. The values are compared with ONNX Runtime's in
// `browser/networks.test.ts`.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { multiplyAdds } from '../../engine/graph/ir/cost.ts';
import type { Operation } from '../../engine/graph/ir/operation.ts';
import { readModel } from '../../engine/index.ts';
import { CACHE } from '../cases.ts';

interface Listed {
  readonly name: string;
  readonly dims: Record<string, number>;
  /** The kinds of its operations. Null: no convolution is part of a doubling. */
  readonly left: string | null;
}

const listed: Listed[] = JSON.parse(readFileSync(`${CACHE}/doublings.json`, 'utf8'));
const [plain] = listed;

async function operationsOf({ name, dims }: Pick<Listed, 'name' | 'dims'>) {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`));
  return (await readModel(bytes, { dims })).plan.operations;
}

const kindOf = (operation: Operation): string =>
  operation.kind === 'convolution' && operation.weights.sumOf ? 'doubling' : operation.kind;

/** Multiply-adds of the convolutions, without their epilogues. */
const productsOf = (operations: readonly Operation[]): number =>
  operations
    .filter(({ kind }) => kind === 'convolution')
    .reduce((sum, operation) => sum + multiplyAdds({ ...operation, epilogue: null } as Operation), 0);

test.each(listed.filter(({ left }) => left))('$name is left with: $left', async one => {
  const operations = await operationsOf(one);
  expect(operations.map(kindOf).join(' ')).toBe(one.left);
  if (one.left !== plain?.left) return;
  expect(productsOf(operations)).toBe(productsOf(await operationsOf(plain)));
});

test.each(listed.filter(({ left }) => !left))('$name is no doubling before a convolution', async one => {
  const kinds = (await operationsOf(one)).map(kindOf);
  expect(kinds).not.toContain('doubling');
  expect(kinds.length).toBeGreaterThan(2);
});
