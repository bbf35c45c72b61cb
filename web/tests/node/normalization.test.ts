// Normalizations that files spell out: each becomes one operation, and what is none stays as it is. The values are
// compared with ONNX Runtime's in `browser/networks.test.ts`.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readModel } from '../../engine/index.ts';
import { CACHE } from '../cases.ts';
import { kinds } from '../plans.ts';

interface Listed {
  readonly name: string;
  readonly dims: Record<string, number>;
  readonly norms: number;
  /** Whether two convolutions are left, and the normalization between them. */
  readonly alone: boolean;
}

const listed: Listed[] = JSON.parse(readFileSync(`${CACHE}/normalizations.json`, 'utf8'));

test.each(listed)('$name has $norms normalizations', async ({ name, dims, norms, alone }) => {
  const { plan } = await readModel(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)), { dims });
  const found = plan.operations.filter(({ kind }) => kind === 'normalization');
  expect(found).toHaveLength(norms);
  if (alone) expect(kinds(plan.operations)).toEqual(['convolution', 'normalization', 'convolution']);
  // The means and variances are part of them, but for those that another node reads.
  const reductions = plan.operations.filter(({ kind }) => kind === 'reduce');
  if (norms > 0 && !['adaptive', 'mean-elsewhere'].includes(name)) expect(reductions).toEqual([]);
});

test.each([
  ['multistyle26', 18],
  ['any-style', 13],
])('%s, of another program, has %i normalizations', async (name, norms) => {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`));
  const { plan } = await readModel(bytes, { dims: { height: 64, width: 64 } });
  expect(plan.operations.filter(({ kind }) => kind === 'normalization')).toHaveLength(norms);
  expect(plan.operations.filter(({ kind }) => kind === 'reduce')).toEqual([]);
});
